{# What `refresh_from_raw` is for measurements, for refused records, which have no time but that of their ingestion: from
   the hour of the first unseen one on, all is rebuilt. The watermark is of the live beat; the others find nothing. #}
{% macro rejected_work() %}
    {% if not is_refreshing() %}{{ return(no_work()) }}{% endif %}
    {% do require_raw_of('period_start_ts', 'n', 'ingest_ts', 'not ' ~ is_accepted()) %}
    {% set basis = refresh_basis(this, model.unique_id) if is_incremental() else none %}
    {% set seen = logged(model.name, basis) %}
    {% if seen.is_built and var('beat') not in ('live', 'all') %}{{ return(work_of(basis, [], [])) }}{% endif %}
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
