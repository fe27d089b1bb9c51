{# Local time of a UTC timestamp, and the UTC timestamps at which its local day begins and ends. Clock changes move
   the bounds: a local day has 23 to 25 hours. Offsets of whole hours only, so a local hour is a UTC hour. #}

{% macro local_ts(utc_ts) -%}
    cast(at_timezone(with_timezone({{ utc_ts }}, 'UTC'), '{{ var("reporting_timezone") }}') as timestamp(6))
{%- endmacro %}

{% macro utc_ts(local_ts) -%}
    cast(at_timezone(with_timezone({{ local_ts }}, '{{ var("reporting_timezone") }}'), 'UTC') as timestamp(6))
{%- endmacro %}

{% macro local_day_start(utc_ts) -%}
    {{ telcopulse.utc_ts("date_trunc('day', " ~ local_ts(utc_ts) ~ ")") }}
{%- endmacro %}

{% macro local_day_end(day_start_ts) -%}
    {{ telcopulse.utc_ts("date_trunc('day', " ~ local_ts(day_start_ts) ~ ") + interval '1' day") }}
{%- endmacro %}

{% macro local_date(utc_ts) -%}
    cast({{ local_ts(utc_ts) }} as date)
{%- endmacro %}
