{# How sure a number is, and what may be shown of it. #}

{# Bounds of Wilson's 95 % score interval for k of n (Wilson 1927, JASA 22:209-212); null for n = 0. #}
{% macro wilson_low(k, n) -%}
    if({{ k }} = 0 and {{ n }} > 0, 0E0, {{ wilson_bound(k, n, '-') }})
{%- endmacro %}

{% macro wilson_high(k, n) -%}
    if({{ k }} = {{ n }} and {{ n }} > 0, 1E0, {{ wilson_bound(k, n, '+') }})
{%- endmacro %}

{# z = 1.959964: z^2 / 2 = 1.920729, z^2 / 4 = 0.960365. #}
{% macro wilson_bound(k, n, sign) -%}
    ({{ k }} + 1.920729E0 {{ sign }} 1.959964E0 * sqrt({{ k }} * (1E0 - {{ share(k, n) }}) + 0.960365E0))
            / (nullif({{ n }}, 0) + 3.841459E0)
{%- endmacro %}

{% macro share(k, n) -%}
    cast({{ k }} as double) / nullif({{ n }}, 0)
{%- endmacro %}

{# `n` is the KPI's own count: a cell with many events but few signals has no sure signal. #}
{% macro confidence(n, device_count) -%}
    case
            when coalesce({{ n }}, 0) < {{ var('confidence_low_min_n') }} then 'suppressed'
            when {{ device_count }} < {{ var('confidence_min_devices') }} then 'suppressed'
            when {{ n }} < {{ var('confidence_published_min_n') }} then 'low_confidence'
            else 'published'
        end
{%- endmacro %}

{# Null where the cell is suppressed. #}
{% macro unless_suppressed(value) -%}
    if(confidence != 'suppressed', {{ value }})
{%- endmacro %}

{# A share, or a bound of its interval, of at least as many as a figure needs; of records, which no device stands
   behind. #}
{% macro share_if_enough(k, n, figure=share) -%}
    if({{ n }} >= {{ var('confidence_low_min_n') }}, {{ figure(k, n) }})
{%- endmacro %}

{# How far Newcombe's interval of the difference of two shares, each with its Wilson bounds beside it, reaches below and
   above that difference (method 10 in Stat Med 17:873-890, 1998). #}
{% macro newcombe_margins(share, other) -%}
    sqrt(
            power({{ share }} - {{ share }}_ci_low, 2)
            + power({{ other }}_ci_high - {{ other }}, 2)
        ) as margin_low,
        sqrt(
            power({{ share }}_ci_high - {{ share }}, 2)
            + power({{ other }} - {{ other }}_ci_low, 2)
        ) as margin_high
{%- endmacro %}
