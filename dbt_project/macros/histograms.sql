{# Histograms are maps of integer value to count. They merge exactly, and so do the smallest hashes of devices. #}

{# Null if all are. Where data is sparse most cells have one: it is taken as it is. #}
{% macro merged_histogram(histogram) -%}
    {%- set parts = 'array_agg(' ~ histogram ~ ') filter (where ' ~ histogram ~ ' is not null)' -%}
    if(
            cardinality({{ parts }}) = 1,
            element_at({{ parts }}, 1),
            transform_values(
                multimap_from_entries(flatten(transform({{ parts }}, part -> map_entries(part)))),
                (v, counts) -> reduce(counts, bigint '0', (total, n) -> total + n, total -> total)
            )
        )
{%- endmacro %}

{# How many events the histogram counts, 0 for null; or with `of`, a whole number, the sum of that over its entries b:
   b[1] is the value, b[2] how many. #}
{% macro histogram_total(histogram, of='b[2]') -%}
    reduce(coalesce(map_entries({{ histogram }}), array[]), bigint '0', (s, b) -> s + ({{ of }}), s -> s)
{%- endmacro %}

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

{# How many distinct devices the cells hold; as many as are kept means that many or more. #}
{% macro merged_device_count(hashes) -%}
    cardinality({{ merged_device_hashes(hashes) }})
{%- endmacro %}

{% macro merged_device_hashes(hashes) -%}
    {{ smallest_hashes('array_distinct(flatten(array_agg(coalesce(' ~ hashes ~ ', array[]))))') }}
{%- endmacro %}

{# The p-quantile of what the histogram counts, with linear interpolation between neighbours (as pandas' and numpy's
   default); null for an empty or null histogram. One pass over the sorted values. #}
{% macro percentile_from_histogram(histogram, p) -%}
    reduce(
            array_sort(map_entries({{ histogram }})),
            cast(
                row(
                    0,
                    {{ p }}E0 * ({{ histogram_total(histogram) }} - 1),
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
