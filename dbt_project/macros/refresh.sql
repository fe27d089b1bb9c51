{# The incremental rule, in one place.

   1. `refresh_work` asks raw which granules (5-minute buckets or hours) the rows newer than the model's watermark touch.
   2. The model reads whole local days or granules through `touched`, and ends in `rebuilt_or_vanished`.
   3. `iceberg_merge` (the adapter's, wrapped) reads only the touched days of the target.
   4. `save_watermarks`, the post-hook, appends the watermarks that step 1 read. A run that dies before repeats its work.

   The work travels in the compiled SQL's first line (`refresh_header`), so what a statement covered can be read in
   Athena's history, and steps 3 and 4 need no second look. Watermarks are per model, beat and source: within a source
   ingest_ts only increases. #}

{% macro watermark_table() %}{{ target.schema }}.refresh_watermarks{% endmacro %}

{% macro create_watermarks() %}
create table if not exists {{ watermark_table() }} (
    model string, beat string, source string, ingest_ts timestamp, saved_ts timestamp
)
partitioned by (model)
location '{{ target.s3_data_dir }}refresh_watermarks/{{ target.schema }}/'
tblproperties ('table_type' = 'ICEBERG')
{% endmacro %}

{# What is to be rebuilt: {model, until: [[beat, source, ingest_ts]], slices: [{granules, days, ingest_from}]}.
   `upto` names the model behind whose watermark this one stays. A slice is what one statement handles: at most
   `slice_granules` granules, so that neither a full refresh nor a long catch-up grows with history. #}
{% macro refresh_work(granule_minutes, slice_granules, upto=none) %}
    {% if not execute or flags.WHICH not in ('run', 'build') or model.resource_type != 'model' %}
        {{ return({'model': model.name, 'until': [], 'slices': []}) }}
    {% endif %}
    {% set beats = ['live', 'late'] if var('beat') == 'all' or not is_incremental() else [var('beat')] %}
    {% set marks = read_watermarks([model.name] + ([upto] if upto else [])) %}
    {% set fresh = [] %}
    {% for beat in beats %}
        {% set since = marks.get(model.name ~ '/' ~ beat, {}) if is_incremental() else {} %}
        {% if not upto or marks.get(upto ~ '/' ~ beat, {}) != since %}
            {% do fresh.append(fresh_rows_query(beat, since, marks.get(upto ~ '/' ~ beat, {}) if upto else none, granule_minutes)) %}
        {% endif %}
    {% endfor %}
    {% set rows = run_query(fresh | join('\nunion all\n')).rows if fresh else [] %}
    {% set until, days = {}, {} %}
    {% for beat, source, ingest_until, ingest_from, day_from, day_to, granules in rows %}
        {% set key = beat ~ '/' ~ source %}
        {% if ingest_until > until.get(key, ['', '', ''])[2] %}{% do until.update({key: [beat, source, ingest_until]}) %}{% endif %}
        {% if granules %}
            {% set day = days.setdefault(day_from, {'to': day_to, 'granules': []}) %}
            {% do day.granules.extend(granules.split(',') | map('int')) %}
        {% endif %}
    {% endfor %}
    {% do log(model.name ~ ': ' ~ days | length ~ ' days touched', info=flags.WHICH == 'build') %}
    {{ return({'model': model.name, 'until': until.values() | list, 'slices': slices(days, granule_minutes, slice_granules)}) }}
{% endmacro %}

{% macro read_watermarks(models) %}
    {% if not execute %}{{ return({}) }}{% endif %}
    {% set query %}
        select model, beat, source, cast(max(ingest_ts) as varchar) as ingest_ts
        from {{ watermark_table() }}
        where model in ({{ "'" ~ models | join("', '") ~ "'" }})
        group by 1, 2, 3
    {% endset %}
    {% set marks = {} %}
    {% for model_name, beat, source, ingest_ts in run_query(query).rows %}
        {% do marks.setdefault(model_name ~ '/' ~ beat, {}).update({source: ingest_ts}) %}
    {% endfor %}
    {{ return(marks) }}
{% endmacro %}

{# Rejected rows move the watermark but touch nothing. Sources whose watermark is a day behind the newest need no
   condition of their own: no writer commits a day after its ingest_ts. #}
{% macro fresh_rows_query(beat, since, upto, granule_minutes) %}
    {% set timely %}event_ts >= ingest_ts - interval '{{ var("live_hours") }}' hour{% endset %}
    select
        '{{ beat }}' as beat,
        source,
        cast(max(ingest_ts) as varchar) as ingest_until,
        cast(min(ingest_ts) as varchar) as ingest_from,
        cast(day_ts as varchar) as day_from,
        cast({{ local_day_end('day_ts') }} as varchar) as day_to,
        array_join(array_agg(distinct granule), ',') as granules
    from (
        select
            source,
            ingest_ts,
            if(is_touching, {{ local_day_start('event_ts') }}) as day_ts,
            if(is_touching, cast(floor(to_unixtime(event_ts) / {{ granule_minutes * 60 }}) as bigint)) as granule
        from (
            select
                source,
                ingest_ts,
                event_ts,
                coalesce(
                    reject_reason is null and {{ 'not ' if beat == 'late' }}({{ timely }}), false
                ) as is_touching
            from {{ source('raw', 'network_events') }}
            where
                {{ newer_than(since) }}
                {%- if upto is not none %}
                and {{ not_newer_than(upto) }}
                {%- endif %}
        )
    )
    group by source, day_ts
{% endmacro %}

{% macro newer_than(since) %}
    {%- if not since %}true{% else -%}
    ingest_ts > timestamp '{{ since.values() | max }}' - interval '1' day and (
        source not in ({% for s in since %}{{ quoted(s) }}{{ ', ' if not loop.last }}{% endfor %})
        {%- for s, ingest_ts in since.items() %}
        or (source = {{ quoted(s) }} and ingest_ts > timestamp '{{ ingest_ts }}')
        {%- endfor %})
    {%- endif -%}
{% endmacro %}

{% macro not_newer_than(upto) %}(
    {%- if not upto %}false{% endif -%}
    {%- for s, ingest_ts in upto.items() -%}
        {{ ' or ' if not loop.first }}(source = {{ quoted(s) }} and ingest_ts <= timestamp '{{ ingest_ts }}')
    {%- endfor -%})
{% endmacro %}

{% macro quoted(text) %}'{{ text | replace("'", "''") }}'{% endmacro %}

{# Days are cut into statements; neighbouring granules become one range. A local day lies in two UTC days, and Athena
   writes at most 100 partitions a statement. #}
{% macro slices(days, granule_minutes, slice_granules) %}
    {% set max_days = 45 %}
    {% set found = [] %}
    {% for day_from, day in days | dictsort %}
        {% set numbers = day.granules | unique | sort | list %}
        {% if not found or found[-1].weight + numbers | length > slice_granules or found[-1].days | length == max_days %}
            {% do found.append({'weight': 0, 'granules': [], 'days': []}) %}
        {% endif %}
        {% set slice = found[-1] %}
        {% do slice.update({'weight': slice.weight + numbers | length}) %}
        {% do slice.days.append([day_from, day.to]) %}
        {% for number in numbers %}
            {% set from_ts = granule_ts(number, granule_minutes) %}
            {% if slice.granules and slice.granules[-1][1] == from_ts %}
                {% do slice.granules[-1].pop() %}
                {% do slice.granules[-1].append(granule_ts(number + 1, granule_minutes)) %}
            {% else %}
                {% do slice.granules.append([from_ts, granule_ts(number + 1, granule_minutes)]) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{% macro granule_ts(number, granule_minutes) %}
    {% set epoch = modules.datetime.datetime(1970, 1, 1) %}
    {{ return((epoch + modules.datetime.timedelta(minutes=number * granule_minutes)).isoformat(' ')) }}
{% endmacro %}

{% macro refresh_header(work) %}-- refresh: {{ tojson(work) }}{% endmacro %}

{% macro refresh_work_of(sql) %}
    {% set header = modules.re.search('-- refresh: (.*)', sql) if sql else none %}
    {{ return(fromjson(header.group(1)) if header else none) }}
{% endmacro %}

{# `column` lies in a touched granule or day (`unit`) of the statement's slice; the comments let `safe_create_table_as`
   put the next slice in its place. `ingested_since` adds what lets raw prune by ingest_ts: staging rejects events
   that lie more than 5 minutes ahead of it. #}
{% macro touched(column, work, unit='granules') -%}
    /*touched {{ column }} {{ unit }}*/ {{ in_ranges(column, work.slices[0][unit] if work.slices else []) }} /*end*/
{%- endmacro %}

{% macro ingested_since(work) -%}
    /*touched ingest_ts since*/ {{ since_first(work.slices[0]) if work.slices else 'false' }} /*end*/
{%- endmacro %}

{% macro in_ranges(column, ranges) -%}
    ({% if not ranges %}false{% endif %}
    {%- for from_ts, to_ts in ranges -%}
        {{ ' or ' if not loop.first }}({{ column }} >= timestamp '{{ from_ts }}' and {{ column }} < timestamp '{{ to_ts }}')
    {%- endfor %})
{%- endmacro %}

{% macro since_first(slice) -%}
    ingest_ts >= timestamp '{{ slice.granules[0][0] }}' - interval '5' minute
{%- endmacro %}

{# The rebuilt rows and, in an incremental run, keys of the target's touched rows that were not rebuilt: with n = 0,
   for the merge to delete. One full join, for Athena would compute `rebuilt` twice for a union. #}
{% macro rebuilt_or_vanished(rebuilt, keys, condition) %}
    select
    {%- for name in model.columns %}
        {% if name in keys %}{{ name }}{% elif name == 'n' %}coalesce(r.n, 0) as n{% else %}r.{{ name }}{% endif %}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ rebuilt }} as r
    {%- if is_incremental() %}
    full outer join (
        select {{ keys | join(', ') }} from {{ this }} where {{ condition }}
    ) as t using ({{ keys | join(', ') }})
    {%- endif %}
{% endmacro %}

{# For update_condition: true if any of the columns differs, so that unchanged rows aren't written again. #}
{% macro any_changed(columns) -%}
    ({% for name in columns %}src.{{ name }} is distinct from target.{{ name }}{{ ' or ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro save_watermarks() %}
    {% set work = refresh_work_of(compiled_code) %}
    {% if work and work.until %}
    insert into {{ watermark_table() }}
    select model, beat, source, cast(ingest_ts as timestamp(6)) as ingest_ts, cast(current_timestamp as timestamp(6)) as saved_ts
    from (values
        {%- for beat, source, ingest_ts in work.until %}
        ('{{ work.model }}', '{{ beat }}', {{ quoted(source) }}, '{{ ingest_ts }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as w (model, beat, source, ingest_ts)
    {% endif %}
{% endmacro %}
