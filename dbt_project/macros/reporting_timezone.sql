{# Local time of a UTC timestamp, and the UTC timestamps at which its local day begins and ends. Clock changes move
   the bounds: a local day has 23 to 25 hours. Offsets of whole hours only, so a local hour is a UTC hour. #}

{% macro local_ts(ts) -%}
    cast(at_timezone(with_timezone({{ ts }}, 'UTC'), '{{ var("reporting_timezone") }}') as timestamp(6))
{%- endmacro %}

{% macro utc_ts(ts) -%}
    cast(at_timezone(with_timezone({{ ts }}, '{{ var("reporting_timezone") }}'), 'UTC') as timestamp(6))
{%- endmacro %}

{% macro local_day_start(ts) -%}
    {{ utc_ts("date_trunc('day', " ~ local_ts(ts) ~ ")") }}
{%- endmacro %}

{% macro local_day_end(day_start_ts) -%}
    {{ utc_ts("date_trunc('day', " ~ local_ts(day_start_ts) ~ ") + interval '1' day") }}
{%- endmacro %}

{% macro local_date(ts) -%}
    cast({{ local_ts(ts) }} as date)
{%- endmacro %}

{# Where the local day so many days before today begins. #}
{% macro local_day_start_before(days) -%}
    {{ utc_ts("date_trunc('day', " ~ local_ts('localtimestamp') ~ ") - interval '" ~ days ~ "' day") }}
{%- endmacro %}
