{# What `refresh_from_raw` is for measurements, for refused records, which have no time but that of their ingestion: from
   the hour of the first unseen one on, all is rebuilt. The watermark is of the live beat; reconcile looks for the first
   hour of which raw holds another number than was counted, and late finds nothing. #}
{% macro rejected_work() %}
    {% if not is_refreshing() %}{{ return(no_work()) }}{% endif %}
    {% do require_raw_of('period_start_ts', 'n', 'ingest_ts', 'not ' ~ is_accepted()) %}
    {% set basis = refresh_basis(this, model.unique_id) if is_incremental() else none %}
    {% set seen = logged(model.name, basis) %}
    {% if seen.is_built and var('beat') == 'reconcile' %}
        {% set first_ts = run_query(first_differing_hour_query(seen.counted.get('live', {}))).rows[0][0] %}
        {{ return(work_of(basis, [], month_slices(first_ts) if first_ts else [])) }}
    {% endif %}
    {% if seen.is_built and var('beat') == 'late' %}{{ return(work_of(basis, [], [])) }}{% endif %}
    {% set query %}
        select
            source,
            cast(max(ingest_ts) as varchar) as ingest_until,
            cast(min(if(not {{ is_accepted() }}, date_trunc('hour', ingest_ts))) as varchar) as rejected_from
        from ({{ rows_newer_than(source('raw', 'network_events'), seen.counted.get('live', {})) }})
        group by source
    {% endset %}
    {% set rows = run_query(query).rows %}
    {% set entries = [] %}
    {% for source, ingest_until, rejected_from in rows %}
        {% do entries.append(['live', 'counted', source, none, ingest_until]) %}
    {% endfor %}
    {% if not seen.is_built %}{% do entries.append(['all', 'built', none, none, none]) %}{% endif %}
    {% set first_ts = rows | map(attribute='rejected_from') | select | min %}
    {{ return(work_of(basis, entries, month_slices(first_ts) if first_ts else [])) }}
{% endmacro %}

{# Hours with rows behind a watermark are left to the live beat, and so are the days from before raw's retention. #}
{% macro first_differing_hour_query(counted) %}
    {% set kept %}date_trunc('day', localtimestamp) - interval '{{ var("raw_retention_days") }}' day{% endset %}
    with arrived as (
        select
            date_trunc('hour', ingest_ts) as hour_ts,
            count(*) as n,
            bool_or(({{ newer_than(counted) | join(') or (') }})) as is_unseen
        from {{ source('raw', 'network_events') }}
        where not {{ is_accepted() }} and ingest_ts >= {{ kept }}
        group by 1
    ),

    counted as (
        select
            period_start_ts as hour_ts,
            sum(n) as n
        from {{ this }}
        where period_start_ts >= {{ kept }}
        group by 1
    )

    select cast(min(hour_ts) as varchar)
    from arrived as a
    full outer join counted as c using (hour_ts)
    where not coalesce(a.is_unseen, false) and a.n is distinct from c.n
{% endmacro %}

{# From the timestamp's hour until tomorrow, cut into statements: Athena writes at most 100 partitions each. #}
{% macro month_slices(first_ts) %}
    {% set step = modules.datetime.timedelta(days=30) %}
    {% set end = modules.datetime.datetime.now(modules.pytz.utc).replace(tzinfo=none) + modules.datetime.timedelta(days=1) %}
    {% set start = modules.datetime.datetime.fromisoformat(first_ts) %}
    {% set found = [] %}
    {% for number in range(((end - start) / step) | round(0, 'ceil') | int) %}
        {% set ranges = [[(start + number * step).isoformat(' '), (start + (number + 1) * step).isoformat(' ')]] %}
        {% do found.append({'granules': ranges, 'days': ranges}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}
