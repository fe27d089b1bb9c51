{# What `refresh_work` is for measurements, for refused records, which have no time but that of their ingestion: from
   the hour of the first new one on, all is rebuilt. The watermark is of the live beat; the late beat finds nothing. #}
{% macro rejected_work() %}
    {% set nothing = {'model': model.name, 'until': [], 'slices': []} %}
    {% if not execute or flags.WHICH not in ('run', 'build') or (is_incremental() and var('beat') == 'late') %}
        {{ return(nothing) }}
    {% endif %}
    {% set since = read_watermarks([model.name]).get(model.name ~ '/live', {}) if is_incremental() else {} %}
    {% set query %}
        select
            source,
            cast(max(ingest_ts) as varchar) as ingest_until,
            cast(min(if(not {{ is_accepted() }}, date_trunc('hour', ingest_ts))) as varchar) as rejected_from
        from {{ source('raw', 'network_events') }}
        where {{ newer_than(since) }}
        group by source
    {% endset %}
    {% set rows = run_query(query).rows %}
    {% set until = [] %}
    {% for source, ingest_until, rejected_from in rows %}{% do until.append(['live', source, ingest_until]) %}{% endfor %}
    {% set first_ts = rows | map(attribute='rejected_from') | select | min %}
    {{ return(dict(nothing, until=until, slices=month_slices(first_ts) if first_ts else [])) }}
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
