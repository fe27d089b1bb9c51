{# The incremental rule, in one place. docs/incremental-rule.md says why it holds.

   1. What to rebuild: `refresh_from_raw` asks raw which buckets the rows that the model has not seen touch;
      `refresh_following` asks the log (refresh_log.sql) which days its upstream has rebuilt since.
   2. The model reads whole buckets or local days through `touched`, and ends in `rebuilt_or_vanished`.
   3. One MERGE a slice (adapter_overrides.sql) reads, rebuilds and replaces: one transaction, so what it wrote is
      never older than what it replaced.
   4. `save_refresh`, the post-hook, tells the models behind what step 1 found, and the log at the run's end. A run that
      dies before repeats its work.

   The work travels in the compiled SQL's first line: {model, basis, log, slices: [{granules, days}]}. A basis is what
   the log's lines rest on: on another one they don't count, and everything is rebuilt. #}

{% macro no_work() %}{{ return({'model': model.name, 'basis': none, 'log': [], 'slices': []}) }}{% endmacro %}

{% macro is_refreshing() %}
    {{ return(execute and flags.WHICH in ('run', 'build') and model.resource_type == 'model') }}
{% endmacro %}

{# Beat live looks at the rows that arrived within live_hours, late at the others; a model that is new on its basis
   looks at all of them, and reconcile compares counts instead. #}
{% macro refresh_from_raw(granule_minutes, slice_rows) %}
    {% if not is_refreshing() %}{{ return(no_work()) }}{% endif %}
    {% do require_raw_of('bucket_ts', 'n + duplicate_count', 'event_ts', is_accepted()) %}
    {% set basis = refresh_basis(this, model.unique_id) if is_incremental() else none %}
    {% set seen = logged(model.name, basis) %}
    {% if seen.is_built and var('beat') == 'reconcile' %}
        {% set rows = run_query(differing_buckets_query(seen.counted, granule_minutes)).rows %}
    {% else %}
        {% set rows = rows_once(unseen_rows_of_beats_query(seen, granule_minutes)) %}
    {% endif %}
    {% set until, rebuilt, days = {}, {}, {} %}
    {% for beat, source, ingest_until, day_from, day_to, granules, row_count in rows %}
        {% set counted = [beat, 'counted', source, none, ingest_until] %}
        {% if source and ingest_until > until.get((beat, source), counted)[4] or (beat, source) not in until %}
            {% do until.update({(beat, source): counted}) if source %}
        {% endif %}
        {% if granules %}
            {% set numbers = granules.split(',') | map('int') | list %}
            {% set day = days.setdefault(day_from, {'to': day_to, 'granules': [], 'rows': []}) %}
            {% do day.granules.extend(numbers) %}
            {% set earlier = rebuilt[(beat, day_from)][2].split(',') | map('int') | list if (beat, day_from) in rebuilt else [] %}
            {% set hours = (earlier + hours_of(numbers, granule_minutes)) | unique | sort | join(',') %}
            {% do rebuilt.update({(beat, day_from): [beat, 'rebuilt', hours, day_from, day_to]}) %}
            {% do day.rows.append(row_count | int) %}
        {% endif %}
    {% endfor %}
    {# What followers must do stands before what says that it needs no more looking for. #}
    {% set entries = (rebuilt.values() | list if seen.is_built else []) + until.values() | list %}
    {% do entries.append(['all', 'built', none, none, none]) if not seen.is_built %}
    {{ return(work_of(basis, entries, slices_of_buckets(days, granule_minutes, slice_rows, is_new=not is_incremental()))) }}
{% endmacro %}

{# Reconcile compares a day's cells with the upstream's events; each is counted in `cells_per_event` of them, where cells
   sum up to events at all. Which days of an upstream that a build defers were rebuilt can't be known: all of them are
   followed.

   through         the models, in order, that stand between: each must have followed first, and a new one is followed anew
   days_after      a day is a function of as many days before it, too
   of_own_day      and of that day itself; else only of whether the upstream has it
   minutes_before  what `touched(..., 'days_and_before')` holds before each day #}
{% macro refresh_following(
    upstream_name, cells_per_event=none, slice_rows=150000, through=[], days_after=0, of_own_day=true, minutes_before=0
) %}
    {% if not is_refreshing() %}{{ return(no_work()) }}{% endif %}
    {% set upstream = relation_of(upstream_name) %}
    {% set chain = chain_of_bases(upstream_name, through) %}
    {% set basis = following_basis(this, chain[-1][1]) if is_incremental() else none %}
    {% set days, followed, deferred, missing = {}, {}, [], [] %}
    {% for line in not_followed(chain, basis) %}
        {% set day = days.setdefault(line.day_from, {'to': line.day_to, 'rows': 0, 'hours': []}) %}
        {% do day.hours.extend(line.hours.split(',') | map('int')) %}
        {% do followed.update({line.run: [line.beat, 'followed', line.run, none, none]}) %}
    {% endfor %}
    {% for name, its_basis in chain %}
        {% if is_deferred(name) %}
            {% do deferred.append(name) %}
        {% elif not logged(name, its_basis).is_built %}
            {% do missing.append(name) %}
        {% endif %}
    {% endfor %}
    {% if missing and not deferred %}
        {{ log(model.name ~ ': what it follows is not complete, nothing to follow', info=true) }}
        {{ return(work_of(basis, [], [])) }}
    {% endif %}
    {% set is_built = not deferred and logged(model.name, basis).is_built %}
    {% if not is_built %}
        {% do days.update(days_of(all_days_query(upstream))) %}
    {% elif var('beat') == 'reconcile' and cells_per_event %}
        {% do days.update(days_of(differing_days_query(upstream, cells_per_event))) %}
    {% endif %}
    {% if is_built and days and days_after %}
        {% set behind = days_of_rows(rows_once(days_behind_query(upstream, days, days_after))) %}
        {% do drop_unchanged_days(upstream, days, behind, days_after) if not of_own_day %}
        {% do days.update(behind) %}
    {% endif %}
    {% if is_built and days | length > 2 %}
        {% for day_from, day in days_of(rows_by_day_query(upstream, days)).items() %}{% do days[day_from].update({'rows': day.rows}) %}{% endfor %}
    {% endif %}
    {% set entries = followed.values() | list + ([] if is_built else [['all', 'built', none, none, none]]) %}
    {% set slices = slices_of_days(days, slice_rows) %}
    {% for slice in slices %}{% do slice.update({'days_and_before': with_minutes_before(slice.days, minutes_before)}) %}{% endfor %}
    {{ return(work_of(basis, entries, slices, chain[-1][1])) }}
{% endmacro %}

{# For a model that asks of a day's upstream only whether it is there: leaves of the touched `days` those that came or went,
   and of those `behind` them the ones that are not only touched themselves. A day with none before it can't come. #}
{% macro drop_unchanged_days(upstream, days, behind, days_after) %}
    {% set touched, known = days | list, days_of(known_days_query(days)) %}
    {% for day_from in touched %}
        {% if (day_from in known) == (day_from in behind) %}{% do days.pop(day_from) %}{% endif %}
        {% if day_from in behind and not is_behind_one_of(day_from, touched, days_after) %}{% do behind.pop(day_from) %}{% endif %}
    {% endfor %}
    {% set come = days | reject('in', known) | list %}
    {% if come and not run_query(days_before_query(upstream, come, days_after)).rows %}
        {% for day_from in come %}{% do days.pop(day_from) %}{% endfor %}
    {% endif %}
{% endmacro %}

{% macro is_behind_one_of(day_from, others, days_after) %}
    {% set parse, day = modules.datetime.datetime.fromisoformat, modules.datetime.timedelta(days=1) %}
    {% for other in others %}
        {% if 1 <= ((parse(day_from[:19]) - parse(other[:19])) / day) | round | int <= days_after %}{{ return(true) }}{% endif %}
    {% endfor %}
    {{ return(false) }}
{% endmacro %}

{% macro days_of(query) %}{{ return(days_of_rows(run_query(query).rows)) }}{% endmacro %}

{% macro days_of_rows(rows) %}
    {% set days = {} %}
    {% for day_from, day_to, row_count in rows %}
        {% do days.update({day_from: {'to': day_to, 'rows': row_count | int}}) %}
    {% endfor %}
    {{ return(days) }}
{% endmacro %}

{% macro work_of(basis, entries, slices, upstream_basis=none) %}
    {% set days = slices | map(attribute='days') | sum(start=[]) %}
    {% do log(model.name ~ ': ' ~ days | length ~ ' days touched in ' ~ slices | length ~ ' slices', info=flags.WHICH == 'build') %}
    {{ return({'model': model.name, 'basis': basis, 'upstream_basis': upstream_basis, 'log': entries, 'slices': slices}) }}
{% endmacro %}

{% macro refresh_header(work) %}-- refresh: {{ tojson(work) }}{% endmacro %}

{% macro refresh_work_of(sql) %}
    {% set header = modules.re.search('-- refresh: (.*)', sql) if sql else none %}
    {{ return(fromjson(header.group(1)) if header else none) }}
{% endmacro %}

{# `column` lies in a touched granule (of what follows: hour) or day (`unit`) of the statement's slice; `of_slice` fills
   in which. #}
{% macro touched(column, work, unit='granules') -%}
    /*touched {{ column }} {{ unit }}*/ false /*end*/
{%- endmacro %}

{# A touched hour, or a day of which any hour is. #}
{% macro touched_period(period, column, work) -%}
    ({{ touched(column, work, 'days') }} and ({{ period }} = 'day' or {{ touched(column, work) }}))
{%- endmacro %}

{# Lets raw prune by ingest_ts: staging accepts no event that lies further ahead of it. #}
{% macro ingested_since(work) -%}
    /*touched ingest_ts since*/ false /*end*/
{%- endmacro %}

{% macro of_slice(sql, slice) %}
    {% set body = modules.re.sub('-- refresh: .*', '', sql) %}
    {% set parts = modules.re.split('(?s)/\\*touched (\\S+) (\\w+)\\*/.*?/\\*end\\*/', body) %}
    {% set out = [parts[0]] %}
    {% for i in range(1, parts | length, 3) %}
        {% if parts[i + 1] == 'since' %}
            {% do out.append("ingest_ts >= timestamp '" ~ slice.granules[0][0] ~ "' - " ~ max_ahead()) %}
        {% else %}
            {% do out.append(in_ranges(parts[i], slice[parts[i + 1]])) %}
        {% endif %}
        {% do out.append(parts[i + 2]) %}
    {% endfor %}
    {{ return(out | join('')) }}
{% endmacro %}

{% macro in_ranges(column, ranges) -%}
    ({% if not ranges %}false{% endif %}
    {%- for from_ts, to_ts in ranges -%}
        {{ ' or ' if not loop.first }}({{ column }} >= timestamp '{{ from_ts }}' and {{ column }} < timestamp '{{ to_ts }}')
    {%- endfor %})
{%- endmacro %}

{# The rebuilt rows, and with n = 0, for the merge to delete, the keys of the target's touched rows that were not
   rebuilt. One full join, for Athena would compute `rebuilt` twice for a union. #}
{% macro rebuilt_or_vanished(rebuilt, keys, condition, known=this) %}
    select
    {%- for name in model.columns %}
        {% if name in keys %}{{ name }}{% elif name == 'n' %}coalesce(r.n, 0) as n{% else %}r.{{ name }}{% endif %}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ rebuilt }} as r
    full outer join (
        select {{ keys | join(', ') }} from {{ known }} where {{ condition }}
    ) as t using ({{ keys | join(', ') }})
{% endmacro %}

{# Whether any of the columns of a merge's two rows differs. #}
{% macro any_changed(columns) -%}
    ({% for name in columns %}src.{{ name }} is distinct from target.{{ name }}{{ ' or ' if not loop.last }}{% endfor %})
{%- endmacro %}
