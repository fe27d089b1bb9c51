{# Bounds a view, so that a query of it costs the same however long the history. #}
{% macro within_last_days(column, days) -%}
    {{ column }} >= localtimestamp - interval '{{ days }}' day
{%- endmacro %}

{# The 5-minute buckets of the last 24 hours, but for the one that is being filled. #}
{% macro complete_buckets_of_last_day() -%}
    sequence(
            {{ measured_bucket("localtimestamp - interval '1' day") }},
            {{ measured_bucket("localtimestamp - interval '5' minute") }},
            interval '5' minute
        )
{%- endmacro %}
