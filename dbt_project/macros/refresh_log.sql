{# What refreshes have done: the table refresh_log. One row per `what`:
   counted   the newest ingest_ts (to_ts) of a source (subject) whose rows the model has counted: its watermark
   rebuilt   a local day (from_ts to to_ts) of which a run of the model has rebuilt hours (subject, each counted since
             1970), for those that follow it
   followed  a run and beat (subject) of the upstream whose rebuilt days the model has rebuilt, too
   built     the model is complete on its basis
   seeded    the checksum (subject) of the file that a seed was loaded from #}

{% macro refresh_log(schema=target.schema) %}{{ schema }}.refresh_log{% endmacro %}

{% macro create_refresh_log() %}
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

{# {is_built, counted: {beat: {source: ingest_ts}}} of a model on a basis. #}
{% macro logged(model_name, basis, schema=target.schema) %}
    {% set found = {'is_built': false, 'counted': {}} %}
    {% if not execute or not basis %}{{ return(found) }}{% endif %}
    {% set query %}
        select what, beat, subject, cast(max(to_ts) as varchar) as to_ts
        from {{ refresh_log(schema) }}
        where model = '{{ model_name }}' and basis = '{{ basis }}' and what in ('counted', 'built')
        group by 1, 2, 3
    {% endset %}
    {% for what, beat, subject, to_ts in run_query(query).rows %}
        {% if what == 'built' %}
            {% do found.update({'is_built': true}) %}
        {% else %}
            {% do found.counted.setdefault(beat, {}).update({subject: to_ts}) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# {source: ingest_ts}: up to where a beat has counted each source in a model. #}
{% macro counted_until(model_name, beat) %}
    {% set relation = ref(model_name) %}
    {{ return(logged(model_name, basis_of(model_name) if execute else none, relation.schema).counted.get(beat, {})) }}
{% endmacro %}

{# [name, basis] of a model and of those that follow it one behind the other. #}
{% macro chain_of_bases(upstream_name, through) %}
    {% set chain = [[upstream_name, basis_of(upstream_name)]] %}
    {% for name in through %}{% do chain.append([name, following_basis(relation_of(name), chain[-1][1])]) %}{% endfor %}
    {{ return(chain) }}
{% endmacro %}

{# Days, and their hours, that the first of the chain rebuilt, the others followed and this model did not yet, and who is
   complete on its basis. One reading of the log: each further one would cost an engine as much as all of this. #}
{% macro not_followed_query(chain, basis) %}
    {% set followers = chain[1:] + [[model.name, basis]] %}
    select what, run_id, beat, subject as hours, cast(from_ts as varchar) as day_from, cast(to_ts as varchar) as day_to
    from (
        select
            what,
            if(what = 'built', model, run_id) as run_id,
            beat,
            subject,
            from_ts,
            to_ts
            {%- for name, _ in followers %},
            bool_or(what = 'followed' and model = '{{ name }}') over (partition by run) as is_followed_{{ loop.index }}
            {%- endfor %}
        from (
            select
                *,
                case what when 'rebuilt' then run_id || '/' || beat when 'followed' then subject end as run
            from {{ refresh_log() }}
            where
                (
                    model = '{{ chain[0][0] }}' and basis = '{{ chain[0][1] }}'
                    and (what = 'built' or what = 'rebuilt'{{ " and beat = 'live'" if var('beat') == 'live' }})
                )
                {%- for name, its_basis in followers %}
                or (model = '{{ name }}' and basis = '{{ its_basis }}' and what in ('built', 'followed'))
                {%- endfor %}
        )
    )
    where
        what = 'built'
        or (
            what = 'rebuilt' and not is_followed_{{ followers | length }}
            {%- for _ in chain[1:] %} and is_followed_{{ loop.index }}{% endfor %}
        )
{% endmacro %}

{# The post-hook of an incremental run; a full refresh saves by itself, on the basis of the table that it made. #}
{% macro save_refresh() %}
    {% set work = refresh_work_of(compiled_code) %}
    {% if work and work.basis %}{{ return(save_refresh_of(work, work.basis)) }}{% endif %}
{% endmacro %}

{# Returns the last statement and runs those before it: a statement has at most 262,144 bytes. `built` comes last. #}
{% macro save_refresh_of(work, basis) %}
    {% set chunks = work.log | batch(500) | list %}
    {% for chunk in chunks[:-1] %}{% do run_query(save_entries(work.model, basis, chunk)) %}{% endfor %}
    {{ return(save_entries(work.model, basis, chunks[-1]) if chunks else '') }}
{% endmacro %}

{% macro save_entries(model_name, basis, entries) %}
    insert into {{ refresh_log() }}
    select
        '{{ model_name }}', '{{ basis }}', beat, what, subject, cast(from_ts as timestamp(6)), cast(to_ts as timestamp(6)),
        '{{ invocation_id }}', cast(current_timestamp as timestamp(6))
    from (values
        {%- for beat, what, subject, from_ts, to_ts in entries %}
        ('{{ beat }}', '{{ what }}', {{ varchar_or_null(subject) }}, {{ varchar_or_null(from_ts) }}, {{ varchar_or_null(to_ts) }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as e (beat, what, subject, from_ts, to_ts)
{% endmacro %}

{% macro varchar_or_null(text) %}{{ 'cast(null as varchar)' if text is none else quoted(text) }}{% endmacro %}

{# Rows computed with an edited seed file that was never loaded would count as computed with the new one. A build that
   defers reads seeds that it doesn't select where another project has loaded them. #}
{% macro require_loaded_seeds() %}
    {% if not execute or flags.WHICH not in ('run', 'build') or invocation_args_dict.get('defer') %}{{ return('') }}{% endif %}
    {% set read = {} %}
    {% for unique_id in selected_resources if unique_id.startswith('model.') %}{% do read.update(upstream_seeds(unique_id)) %}{% endfor %}
    {% set names = {} %}
    {% for unique_id, checksum in read.items() if unique_id not in selected_resources %}
        {% do names.update({graph.nodes[unique_id].name: checksum}) %}
    {% endfor %}
    {% if not names %}{{ return('') }}{% endif %}
    {% set query %}
        select model, max_by(subject, saved_ts) from {{ refresh_log() }}
        where model in ({{ quoted_list(names) }}) and what = 'seeded'
        group by model
    {% endset %}
    {% set loaded = {} %}
    {% for seed, checksum in run_query(query).rows %}{% do loaded.update({seed: checksum}) %}{% endfor %}
    {% for name, checksum in names.items() %}
        {% if loaded.get(name) != checksum %}
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
