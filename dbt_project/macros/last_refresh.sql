{# The newest row of pipeline_freshness as a dict: counts as int, timestamps as text, counted_until as a dict of source
   to timestamp. Counts and watermarks stand in one row, so that a run that dies counts nothing twice. #}
{% macro last_refresh(relation) %}
    {% if not execute %}{{ return({}) }}{% endif %}
    {% for recent in ["refreshed_ts >= localtimestamp - interval '2' day", 'true'] %}
        {% set rows = run_query(last_refresh_query(relation, recent)).rows %}
        {% if rows | length %}
            {% set row = rows[0].dict() %}
            {% set row = dict(row, counted_until=fromjson(row.counted_until)) %}
            {{ return(row) }}
        {% endif %}
    {% endfor %}
    {{ return({}) }}
{% endmacro %}

{% macro last_refresh_query(relation, condition) %}
    select
        raw_count,
        accepted_count,
        rejected_count,
        cast(newest_event_ts as varchar) as newest_event_ts,
        cast(newest_arrival_ts as varchar) as newest_arrival_ts,
        cast(newest_ingest_ts as varchar) as newest_ingest_ts,
        counted_until
    from {{ relation }}
    where {{ condition }}
    order by refreshed_ts desc
    limit 1
{% endmacro %}

{# The column, or the last row's value where that is newer. #}
{% macro not_older_than(column, last) -%}
    {% if last.get(column) -%}
        {%- set newest = "timestamp '" ~ last[column] ~ "'" -%}
        greatest(coalesce({{ column }}, {{ newest }}), {{ newest }}) as {{ column }}
    {%- else -%}
        {{ column }}
    {%- endif %}
{%- endmacro %}
