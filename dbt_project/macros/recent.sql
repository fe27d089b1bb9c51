{# Bounds a view, so that a query of it costs the same however long the history. #}
{% macro within_last_days(column, days) -%}
    {{ column }} >= localtimestamp - interval '{{ days }}' day
{%- endmacro %}
