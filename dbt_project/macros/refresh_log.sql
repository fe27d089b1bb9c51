{# What refreshes have done: the table refresh_log. One row per `what`:
   counted   the newest ingest_ts (to_ts) of a source (subject) whose rows the model has counted: its watermark
   rebuilt   a local day (from_ts to to_ts) of which a run of the model has rebuilt hours (subject, each counted since
             1970), for those that follow it
   followed  a run and beat (subject) of the upstream whose rebuilt days the model has rebuilt, too
   built     the model is complete on its basis
   seeded    the checksum (subject) of the file that a seed was loaded from #}

{% macro refresh_log(schema=target.schema) %}{{ schema }}.refresh_log{% endmacro %}

{% macro create_refresh_log() %}
{% if execute and adapter.get_relation(database=target.database, schema=target.schema, identifier='refresh_log') %}
    {{ return('') }}
{% endif %}
create table if not exists {{ refresh_log() }} (
    model string, basis string, beat string, what string, subject string, from_ts timestamp, to_ts timestamp,
    run_id string, saved_ts timestamp
)
partitioned by (model)
location '{{ target.s3_data_dir }}refresh_log/{{ target.schema }}/'
tblproperties ('table_type' = 'ICEBERG', 'vacuum_max_snapshot_age_seconds' = '7200')
{% endmacro %}

{# What a model's lines in the log rest on: the very table (a full refresh makes a new one, at a new place), the seeds
   that its rows were computed with, and what is late. #}
{% macro refresh_basis(relation, unique_id) %}
    {{ return(local_md5(tojson([
        adapter.get_glue_table_location(relation), upstream_seeds(unique_id), var('live_hours'), var('reporting_timezone')
    ]))) }}
{% endmacro %}

{% macro following_basis(relation, upstream_basis) %}
    {{ return(local_md5(adapter.get_glue_table_location(relation) ~ ' ' ~ upstream_basis)) }}
{% endmacro %}

{% macro basis_of(model_name) %}
    {{ return(refresh_basis(relation_of(model_name), node_of(model_name).unique_id)) }}
{% endmacro %}

{% macro node_of(model_name) %}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', model_name) | first) }}
{% endmacro %}

{# Where this build reads a model. Not a ref: a model need not read what it follows through others. #}
{% macro relation_of(model_name) %}
    {% set node = node_of(model_name) %}
    {% set place = node.defer_relation if is_deferred(model_name) else node %}
    {{ return(api.Relation.create(database=place.database, schema=place.schema, identifier=place.alias)) }}
{% endmacro %}

{# Whether a build that defers reads the model where another project has built it. What became of it there stands in
   another log, whose lines go once that project's own models have followed them. #}
{% macro is_deferred(model_name) %}
    {% set node = node_of(model_name) %}
    {{ return(
        invocation_args_dict.get('defer') and node.defer_relation
        and not adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias)
    ) }}
{% endmacro %}

{# {seed: checksum of its file} for the seeds that a node reads, directly or not. #}
{% macro upstream_seeds(unique_id) %}
    {% set found = {} %}
    {% for parent in graph.nodes[unique_id].depends_on.nodes if parent in graph.nodes %}
        {% if graph.nodes[parent].resource_type == 'seed' %}
            {% do found.update({parent: graph.nodes[parent].checksum.checksum}) %}
        {% else %}
            {% do found.update(upstream_seeds(parent)) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# The log as this run knows it: read once, and told what the run's models save, so that they needn't ask Athena one behind
   the other. It lies in `graph`, the one dict that all nodes of a run share (a loop's runs share it, too). A table is the
   text `model basis`.
   counted  {table: {beat: {source: ingest_ts}}}        rebuilt    [{table, beat, run, hours, day_from, day_to, followers}]
   built    {table: true}                                unwritten  what was saved and isn't in the log yet
   seeded   {seed: checksum}                             answers    {query: rows} of what several models ask #}
{% macro known_log(schema=target.schema) %}
    {% if graph.get('refresh_logs', {}).get('of_run') != invocation_id %}
        {% do graph.update({'refresh_logs': {'of_run': invocation_id}}) %}
    {% endif %}
    {% set logs = graph['refresh_logs'] %}
    {% if schema not in logs %}{% do logs.update({schema: read_refresh_log(schema)}) %}{% endif %}
    {{ return(logs[schema]) }}
{% endmacro %}

{% macro read_refresh_log(schema) %}
    {% set found = {'counted': {}, 'built': {}, 'seeded': {}, 'rebuilt': [], 'unwritten': [], 'answers': {}} %}
    {% set rows = run_query(refresh_log_query(schema)).rows %}
    {% for what, model_name, basis, beat, subject, from_ts, to_ts, run, followers in rows %}
        {% if what == 'seeded' %}
            {% do found.seeded.update({model_name: subject}) %}
        {% else %}
            {% set tables = followers.split(',') if followers else [] %}
            {% do remember(found, model_name ~ ' ' ~ basis, [beat, what, subject, from_ts, to_ts], run, tables) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{% macro remember(known, table, entry, run, followers=[]) %}
    {% set beat, what, subject, from_ts, to_ts = entry %}
    {% if what == 'counted' %}
        {% do known.counted.setdefault(table, {}).setdefault(beat, {}).update({subject: to_ts}) %}
    {% elif what == 'built' %}
        {% do known.built.update({table: true}) %}
    {% elif what == 'rebuilt' %}
        {% do known.rebuilt.append({
            'table': table, 'beat': beat, 'run': run, 'hours': subject, 'day_from': from_ts, 'day_to': to_ts,
            'followers': followers | list,
        }) %}
    {% elif what == 'followed' %}
        {% for line in known.rebuilt if line.run == subject %}{% do line.followers.append(table) %}{% endfor %}
    {% endif %}
{% endmacro %}

{# What a newer line replaced doesn't count; who followed a run stands beside what it rebuilt. #}
{% macro refresh_log_query(schema) %}
    select
        what,
        model,
        basis,
        beat,
        subject,
        cast(from_ts as varchar) as from_ts,
        cast(max(to_ts) as varchar) as to_ts,
        run,
        arbitrary(followers) as followers
    from (
        select
            *,
            array_join(
                array_agg(if(what = 'followed', model || ' ' || basis)) over (partition by coalesce(run, run_id)), ','
            ) as followers
        from (
            select
                *,
                case what when 'rebuilt' then run_id || '/' || beat when 'followed' then subject end as run
            from {{ refresh_log(schema) }}
        )
    )
    where what != 'followed'
    group by what, model, basis, beat, subject, from_ts, run
    order by max(saved_ts)
{% endmacro %}

{# A table that another process made and logged since this run read the log. #}
{% macro read_again(known, schema) %}
    {% set found, runs = read_refresh_log(schema), known.rebuilt | map(attribute='run') | list %}
    {% for table, counted in found.counted.items() if table not in known.counted %}
        {% do known.counted.update({table: counted}) %}
    {% endfor %}
    {% do known.rebuilt.extend(found.rebuilt | rejectattr('run', 'in', runs)) %}
    {% do known.built.update(found.built) %}
{% endmacro %}

{# {is_built, counted: {beat: {source: ingest_ts}}} of a model on a basis. #}
{% macro logged(model_name, basis, schema=target.schema) %}
    {% if not execute or not basis %}{{ return({'is_built': false, 'counted': {}}) }}{% endif %}
    {% set known, table = known_log(schema), model_name ~ ' ' ~ basis %}
    {% do read_again(known, schema) if table not in known.built %}
    {{ return({'is_built': table in known.built, 'counted': known.counted.get(table, {})}) }}
{% endmacro %}

{# {source: ingest_ts}: up to where a beat has counted each source in a model. #}
{% macro counted_until(model_name, beat) %}
    {% set relation = ref(model_name) %}
    {{ return(logged(model_name, basis_of(model_name) if execute else none, relation.schema).counted.get(beat, {})) }}
{% endmacro %}

{# The same of the live beat where the models behind have followed; `before` while the last of them still has to. A build
   that defers can't know of those that it doesn't make. #}
{% macro followed_until(model_name, through, before) %}
    {% set deferred = [] %}
    {% for name in [model_name] + through if execute and is_deferred(name) %}{% do deferred.append(name) %}{% endfor %}
    {% if execute and not deferred %}
        {% set chain = chain_of_bases(model_name, through) %}
        {% if not logged(chain[-1][0], chain[-1][1]).is_built %}{{ return(before) }}{% endif %}
        {% for line in known_log().rebuilt if line.table == chain[0] | join(' ') and line.beat == 'live' %}
            {% if chain[-1] | join(' ') not in line.followers %}{{ return(before) }}{% endif %}
        {% endfor %}
    {% endif %}
    {{ return(counted_until(model_name, 'live')) }}
{% endmacro %}

{# {source: ingest_ts}: what lies behind neither. #}
{% macro earlier_of(one, other) %}
    {% set found = {} %}
    {% for source, ingest_ts in one.items() if source in other %}
        {% do found.update({source: [ingest_ts, other[source]] | min}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# [name, basis] of a model and of those that follow it one behind the other. #}
{% macro chain_of_bases(upstream_name, through) %}
    {% set chain = [[upstream_name, basis_of(upstream_name)]] %}
    {% for name in through %}{% do chain.append([name, following_basis(relation_of(name), chain[-1][1])]) %}{% endfor %}
    {{ return(chain) }}
{% endmacro %}

{# What the first of the chain rebuilt, the others followed and this model did not yet. #}
{% macro not_followed(chain, basis) %}
    {% set found, first, others = [], chain[0] | join(' '), chain[1:] | map('join', ' ') | list %}
    {% for line in known_log().rebuilt if line.table == first and (line.beat == 'live' or var('beat') != 'live') %}
        {% if model.name ~ ' ' ~ basis not in line.followers and not others | reject('in', line.followers) | list %}
            {% do found.append(line) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Rows of a query that other models of this run ask, too. #}
{% macro rows_once(query) %}
    {% set answers = known_log().answers %}
    {% if query not in answers %}{% do answers.update({query: run_query(query).rows}) %}{% endif %}
    {{ return(answers[query]) }}
{% endmacro %}

{# Models that count raw run side by side and mostly ask it the same: asked before they begin, one answer is all of theirs. #}
{% macro ask_raw_once() %}
    {% for unique_id in selected_resources if unique_id in graph.nodes %}
        {% set node = graph.nodes[unique_id] %}
        {% set asks = modules.re.search('refresh_from_raw\\(granule_minutes=(\\d+)', node.raw_code) %}
        {% if asks and adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) %}
            {% set seen = logged(node.name, basis_of(node.name)) %}
            {% if seen.is_built %}{% do rows_once(unseen_rows_of_beats_query(seen, asks.group(1) | int)) %}{% endif %}
        {% endif %}
    {% endfor %}
{% endmacro %}

{# The post-hook of an incremental run: those that follow in this run know at once, the log at its end. But the log, too,
   where a run that dies would not find its work again: what a reconciliation rebuilt differs no more, and a model that
   became complete has seen rows of which its followers are not told. #}
{% macro save_refresh() %}
    {% set work = refresh_work_of(compiled_code) %}
    {% if not work or not work.basis %}{{ return('') }}{% endif %}
    {% set lines = lines_of(work, work.basis) %}
    {% if var('beat') == 'reconcile' or 'built' in work.log | map(attribute=1) %}{{ return(insert_lines(lines)) }}{% endif %}
    {% do known_log().unwritten.extend(lines) %}
{% endmacro %}

{# A full refresh can take long, and saves by itself, on the basis of the table that it made. #}
{% macro save_full_refresh(work, basis) %}
    {% set insert = insert_lines(lines_of(work, basis)) %}
    {% if insert %}{% do run_query(insert) %}{% endif %}
{% endmacro %}

{% macro lines_of(work, basis) %}
    {% set lines, known, table = [], known_log(), work.model ~ ' ' ~ basis %}
    {% for entry in work.log %}
        {% do remember(known, table, entry, invocation_id ~ '/' ~ entry[0]) %}
        {% do lines.append([work.model, basis] + entry) %}
    {% endfor %}
    {{ return(lines) }}
{% endmacro %}

{# At the end of a run, also of one in which models failed. #}
{% macro save_refreshes() %}
    {% if not execute or flags.WHICH not in ('run', 'build') %}{{ return('') }}{% endif %}
    {{ return(insert_lines(known_log().unwritten)) }}
{% endmacro %}

{# Returns the last statement and runs those before it: a statement has at most 262,144 bytes. In order: nobody is said to
   have followed, counted or built what isn't in the log yet. #}
{% macro insert_lines(lines) %}
    {% set chunks = lines | batch(500) | list %}
    {% for chunk in chunks[:-1] %}{% do run_query(insert_chunk(chunk)) %}{% endfor %}
    {{ return(insert_chunk(chunks[-1]) if chunks else '') }}
{% endmacro %}

{% macro insert_chunk(lines) %}
    insert into {{ refresh_log() }}
    select
        model, basis, beat, what, subject, cast(from_ts as timestamp(6)), cast(to_ts as timestamp(6)),
        '{{ invocation_id }}', cast(current_timestamp as timestamp(6))
    from (values
        {%- for line in lines %}
        ({% for text in line %}{{ varchar_or_null(text) }}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as l (model, basis, beat, what, subject, from_ts, to_ts)
{% endmacro %}

{% macro varchar_or_null(text) %}{{ 'cast(null as varchar)' if text is none else quoted(text) }}{% endmacro %}

{# Before the models of a run, by one thread: what all of them would ask. #}
{% macro open_refresh_log() %}
    {% if not execute or flags.WHICH not in ('run', 'build') %}{{ return('') }}{% endif %}
    {% do known_log() %}
    {% do require_loaded_seeds() if not invocation_args_dict.get('defer') %}
    {% do ask_raw_once() if not flags.FULL_REFRESH and var('beat') != 'reconcile' %}
{% endmacro %}

{# Rows computed with an edited seed file that was never loaded would count as computed with the new one. A build that
   defers reads seeds that it doesn't select where another project has loaded them. #}
{% macro require_loaded_seeds() %}
    {% set read = {} %}
    {% for unique_id in selected_resources if unique_id.startswith('model.') %}{% do read.update(upstream_seeds(unique_id)) %}{% endfor %}
    {% set names = {} %}
    {% for unique_id, checksum in read.items() if unique_id not in selected_resources %}
        {% do names.update({graph.nodes[unique_id].name: checksum}) %}
    {% endfor %}
    {% for name, checksum in names.items() %}
        {% if known_log().seeded.get(name) != checksum %}
            {% do exceptions.raise_compiler_error(
                'seed ' ~ name ~ ' is not loaded as its file stands: run `dbt seed` first, or `dbt build` with the seed selected'
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}

{% macro save_seeds(results) %}
    {% if not execute or flags.WHICH not in ('seed', 'build') %}{{ return('') }}{% endif %}
    {% set rows = [] %}
    {% for result in results if result.node.resource_type == 'seed' and result.status == 'success' %}
        {% do rows.append("('" ~ result.node.name ~ "', '" ~ result.node.checksum.checksum ~ "')") %}
    {% endfor %}
    {% if rows %}
    insert into {{ refresh_log() }}
    select
        model, cast(null as varchar), cast(null as varchar), 'seeded', subject, cast(null as timestamp(6)), cast(null as timestamp(6)),
        '{{ invocation_id }}', cast(current_timestamp as timestamp(6))
    from (values {{ rows | join(', ') }}) as s (model, subject)
    {% endif %}
{% endmacro %}
