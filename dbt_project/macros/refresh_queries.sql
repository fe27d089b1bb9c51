{# The questions that the incremental rule asks before it rebuilds anything. #}

{# A row is late if it arrived more than live_hours after it was measured. #}
{% macro is_timely() %}event_ts >= ingest_ts - interval '{{ var("live_hours") }}' hour{% endmacro %}

{% macro granule(ts, minutes) %}cast(floor(to_unixtime({{ ts }}) / {{ minutes * 60 }}) as bigint){% endmacro %}

{% macro unseen_rows_of_beats_query(seen, granule_minutes) %}
    {% set queries = [] %}
    {% for beat in (['live', 'late'] if not seen.is_built or var('beat') == 'all' else [var('beat')]) %}
        {% do queries.append(unseen_rows_query(beat, seen.counted.get(beat, {}), granule_minutes)) %}
    {% endfor %}
    {{ return(queries | join('\nunion all\n')) }}
{% endmacro %}

{# The buckets that the rows of a beat touch, by source and local day. Rows that touch nothing (rejected ones, and the
   other beat's) move the watermark all the same. #}
{% macro unseen_rows_query(beat, since, granule_minutes) %}
    select
        '{{ beat }}' as beat,
        source,
        cast(max(ingest_ts) as varchar) as ingest_until,
        cast(day_ts as varchar) as day_from,
        cast({{ local_day_end('day_ts') }} as varchar) as day_to,
        array_join(array_agg(distinct granule), ',') as granules,
        count(*) as row_count
    from (
        select
            source,
            ingest_ts,
            if(is_touching, {{ local_day_start('event_ts') }}) as day_ts,
            if(is_touching, {{ granule('event_ts', granule_minutes) }}) as granule
        from (
            select
                source,
                ingest_ts,
                event_ts,
                coalesce({{ is_accepted() }} and {{ 'not ' if beat == 'late' }}({{ is_timely() }}), false) as is_touching
            from ({{ rows_newer_than(source('raw', 'network_events'), since) }})
        )
    )
    group by source, day_ts
{% endmacro %}

{% macro rows_newer_than(relation, since) %}
    {%- for condition in newer_than(since) %}
    {{ 'union all ' if not loop.first }}select * from {{ relation }} where {{ condition }}
    {%- endfor %}
{% endmacro %}

{# Conditions, no two of which hold for one row, for what lies behind the watermarks `since` ({source: ingest_ts}).
   Within a source commits are in order of ingest_ts. Across sources they may be up to max_commit_delay_hours late, and
   so far back a source without a watermark is looked for. Two conditions, for one would read all files of these hours:
   the first prunes by ingest_ts, the second by source. #}
{% macro newer_than(since) %}
    {% if not since %}{{ return(['true']) }}{% endif %}
    {% set newest = since.values() | max %}
    {% set recently = minutes_before(newest, 10) %}
    {% set active, idle = {}, {} %}
    {% for source, ingest_ts in since.items() %}
        {% do (active if ingest_ts >= recently else idle).update({source: ingest_ts}) %}
    {% endfor %}
    {% set ahead %}
        ingest_ts > timestamp '{{ active.values() | min }}' and ({{ behind_watermarks(active) }})
    {% endset %}
    {% set others %}
        ingest_ts > timestamp '{{ minutes_before(newest, 60 * var("max_commit_delay_hours")) }}'
        and source not in ({{ quoted_list(active) }})
        {%- if idle %}
        and (source not in ({{ quoted_list(idle) }}) or {{ behind_watermarks(idle) }})
        {%- endif %}
    {% endset %}
    {{ return([ahead, others]) }}
{% endmacro %}

{% macro behind_watermarks(since) -%}
    {%- for source, ingest_ts in since.items() -%}
        {{ ' or ' if not loop.first }}(source = {{ quoted(source) }} and ingest_ts > timestamp '{{ ingest_ts }}')
    {%- endfor -%}
{%- endmacro %}

{% macro not_newer_than(upto) %}(
    {%- if not upto %}false{% endif -%}
    {%- for source, ingest_ts in upto.items() -%}
        {{ ' or ' if not loop.first }}(source = {{ quoted(source) }} and ingest_ts <= timestamp '{{ ingest_ts }}')
    {%- endfor -%})
{% endmacro %}

{% macro quoted(text) %}'{{ text | replace("'", "''") }}'{% endmacro %}

{% macro quoted_list(texts) %}{% for text in texts %}{{ quoted(text) }}{{ ', ' if not loop.last }}{% endfor %}{% endmacro %}

{% macro minutes_before(ts, minutes) %}
    {% set parsed = modules.datetime.datetime.fromisoformat(ts[:26]) %}
    {{ return((parsed - modules.datetime.timedelta(minutes=minutes)).isoformat(' ')) }}
{% endmacro %}

{# Raw = counted + duplicates, bucket by bucket: the ones where it isn't. Buckets with rows behind a watermark are left
   to the other beats, and so are those from before raw's retention. #}
{% macro differing_buckets_query(counted, granule_minutes) %}
    {% set unseen = newer_than(counted.get('live', {})) + newer_than(counted.get('late', {})) %}
    {% set kept %}localtimestamp - interval '{{ var("raw_retention_days") }}' day{% endset %}
    with arrived as (
        select
            {{ granule('event_ts', granule_minutes) }} as granule,
            count(*) as n,
            max(event_ts) as newest_event_ts,
            bool_or(({{ unseen | join(') or (') }})) as is_unseen
        from {{ source('raw', 'network_events') }}
        where {{ is_accepted() }} and event_ts >= {{ kept }}
        group by 1
    ),

    counted as (
        select
            {{ granule('bucket_ts', granule_minutes) }} as granule,
            sum(n + duplicate_count) as n,
            max(newest_event_ts) as newest_event_ts
        from {{ this }}
        where bucket_ts >= {{ kept }}
        group by 1
    ),

    differing as (
        select
            granule,
            a.n,
            {{ local_day_start("date_add('minute', " ~ granule_minutes ~ " * granule, timestamp '1970-01-01 00:00:00')") }} as day_ts
        from arrived as a
        full outer join counted as c using (granule)
        where
            not coalesce(a.is_unseen, false)
            and (a.n is distinct from c.n or a.newest_event_ts is distinct from c.newest_event_ts)
    )

    select
        'reconcile' as beat,
        cast(null as varchar) as source,
        cast(null as varchar) as ingest_until,
        cast(day_ts as varchar) as day_from,
        cast({{ local_day_end('day_ts') }} as varchar) as day_to,
        array_join(array_agg(granule), ',') as granules,
        coalesce(sum(n), 0) as row_count
    from differing
    group by day_ts
{% endmacro %}

{# Days whose cells don't sum up to the upstream's events, each of which is counted in `cells_per_event` of them. #}
{% macro differing_days_query(upstream, cells_per_event) %}
    with expected as (
        select
            {{ local_day_start('bucket_ts') }} as day_ts,
            {{ cells_per_event }} * sum(n) as n,
            max(newest_event_ts) as newest_event_ts
        from {{ upstream }}
        group by 1
    ),

    found as (
        select
            {{ local_day_start(day_column()) }} as day_ts,
            sum(n) as n,
            max(newest_event_ts) as newest_event_ts
        from {{ this }}
        group by 1
    ),

    differing as (
        select day_ts
        from expected as e
        full outer join found as f using (day_ts)
        where e.n is distinct from f.n or e.newest_event_ts is distinct from f.newest_event_ts
    )

    {{ days_from('differing') }}
{% endmacro %}

{% macro all_days_query(upstream) %}
    with found as (
        select {{ local_day_start('bucket_ts') }} as day_ts from {{ upstream }}
        {%- if is_incremental() %}
        union all
        select distinct {{ local_day_start(day_column()) }} as day_ts from {{ this }}
        {%- endif %}
    )

    {{ days_from('found') }}
{% endmacro %}

{% macro rows_by_day_query(upstream, days) %}
    with found as (
        select {{ local_day_start('bucket_ts') }} as day_ts from {{ upstream }}
        where {{ in_ranges('bucket_ts', ranges_of_days(days)) }}
    )

    {{ days_from('found') }}
{% endmacro %}

{# Of `days`, those of which this model has rows. #}
{% macro known_days_query(days) %}
    with found as (
        select {{ local_day_start(day_column()) }} as day_ts from {{ this }}
        where {{ in_ranges(day_column(), ranges_of_days(days)) }}
    )

    {{ days_from('found') }}
{% endmacro %}

{# A row of the upstream from before one of `days`, if there is any. #}
{% macro days_before_query(upstream, days, days_after) %}
    select 1 from {{ upstream }}
    where
        bucket_ts >= timestamp '{{ days | min }}' - interval '{{ days_after + 1 }}' day
        and bucket_ts < timestamp '{{ days | max }}'
    limit 1
{% endmacro %}

{% macro ranges_of_days(days) %}
    {% set ranges = [] %}
    {% for day_from, day in days.items() %}{% do ranges.append([day_from, day.to]) %}{% endfor %}
    {{ return(ranges) }}
{% endmacro %}

{# The days with rows of the upstream that are one of `days` or lie at most `days_after` days behind one. #}
{% macro days_behind_query(upstream, days, days_after) %}
    with touched_days as (
        select day_ts
        from (values {% for day_from in days %}timestamp '{{ day_from }}'{{ ', ' if not loop.last }}{% endfor %}) as t (day_ts)
    ),

    found as (
        select {{ local_day_start('bucket_ts') }} as day_ts from {{ upstream }}
        where
            bucket_ts >= timestamp '{{ days | min }}'
            and bucket_ts < timestamp '{{ days | max }}' + interval '{{ days_after + 2 }}' day
    ),

    behind as (
        select found.day_ts
        from found
        where exists (
            select 1 from touched_days
            where date_diff('day', {{ local_date('touched_days.day_ts') }}, {{ local_date('found.day_ts') }}) between 0 and {{ days_after }}
        )
    )

    {{ days_from('behind') }}
{% endmacro %}

{% macro days_from(relation) %}
    select
        cast(day_ts as varchar) as day_from,
        cast({{ local_day_end('day_ts') }} as varchar) as day_to,
        count(*) as row_count
    from {{ relation }}
    group by day_ts
{% endmacro %}
