{# Which cells of a mart a 5-minute row belongs to: every combination of hour and local day, of Catalonia, province and
   municipality, and of each dimension's own value and 'all'. `measures` come along unchanged. #}
{% macro reporting_cells(events, dimensions, measures) -%}
    select
        p.period,
        p.period_start_ts,
        a.area_level,
        a.area_code,
        {%- for dimension in dimensions %}
        d{{ loop.index }}.{{ dimension }},
        {%- endfor %}
        {%- for measure in measures %}
        e.{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ events }} as e
    cross join unnest(
        array['hour', 'day'],
        array[date_trunc('hour', e.bucket_ts), {{ local_day_start('e.bucket_ts') }}]
    ) as p (period, period_start_ts)
    cross join unnest(
        array['all', 'province', 'municipality'], array['all', e.province_code, e.area_code]
    ) as a (area_level, area_code)
    {%- for dimension in dimensions %}
    cross join unnest(array['all', e.{{ dimension }}]) as d{{ loop.index }} ({{ dimension }})
    {%- endfor %}
{%- endmacro %}

{# One row per key: the sum of the cells' histograms, with its count, sum and sum of squares. #}
{% macro merged_histogram(cells, keys, histogram) -%}
    select
        {{ keys | join(', ') }},
        map_agg(bin, events) as {{ histogram }},
        sum(events) as n,
        cast(sum(bin * events) as double) as total,
        cast(sum(bin * bin * events) as double) as total_of_squares
    from (
        select
            {{ keys | join(', ') }},
            h.bin,
            sum(h.events) as events
        from {{ cells }}
        cross join unnest({{ histogram }}) as h (bin, events)
        group by {{ keys | join(', ') }}, h.bin
    )
    group by {{ keys | join(', ') }}
{%- endmacro %}

{# How many distinct devices the cells hold; as many as are kept means that many or more. #}
{% macro merged_device_count(hashes) -%}
    cardinality({{ merged_device_hashes(hashes) }})
{%- endmacro %}

{% macro merged_device_hashes(hashes) -%}
    {{ smallest_hashes('array_distinct(flatten(array_agg(coalesce(' ~ hashes ~ ', array[]))))') }}
{%- endmacro %}
