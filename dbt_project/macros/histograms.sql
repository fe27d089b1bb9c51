{# Histograms are maps of integer value to count. They merge exactly: unnest, sum, map_agg. #}

{% macro clipped(value, max_value) -%}
    cast(least(greatest(round({{ value }}), 0), {{ max_value }}) as integer)
{%- endmacro %}

{# The smallest distinct device hashes of the rows for which the condition holds; null if it holds for none. #}
{% macro device_hashes_of(condition, kept='device_hashes_kept') -%}
    {{ smallest_hashes('array_agg(distinct device_key) filter (where ' ~ condition ~ ')', kept) }}
{%- endmacro %}

{% macro smallest_hashes(hashes, kept='device_hashes_kept') -%}
    slice(array_sort({{ hashes }}), 1, {{ var(kept) }})
{%- endmacro %}

{# The p-quantile of what the histogram counts, with linear interpolation between neighbours (as pandas' and numpy's
   default); null for an empty or null histogram. One pass over the sorted values. #}
{% macro percentile_from_histogram(histogram, p) -%}
    reduce(
            array_sort(map_entries({{ histogram }})),
            cast(
                row(
                    0,
                    {{ p }}E0 * (reduce(map_values({{ histogram }}), bigint '0', (s, c) -> s + c, s -> s) - 1),
                    null,
                    null
                ) as row(seen bigint, rank double, low double, high double)
            ),
            (s, e) -> cast(
                row(
                    s.seen + e[2],
                    s.rank,
                    if(s.low is null and s.seen + e[2] > floor(s.rank), e[1], s.low),
                    if(s.high is null and s.seen + e[2] > ceiling(s.rank), e[1], s.high)
                ) as row(seen bigint, rank double, low double, high double)
            ),
            s -> round(s.low + (s.rank - floor(s.rank)) * (s.high - s.low), 6)
        )
{%- endmacro %}
