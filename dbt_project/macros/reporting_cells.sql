{# Figures of hours and days, areas and roll-ups from the 5-minute grain, in one pass over it: `tallies` takes it apart,
   `reporting_cells` adds up, and the mart reads one row a cell from that with `cell_count`, `cell_histogram` and
   `cell_devices`. A second reading of either would compute all of it again. #}

{# One row per touched hour or day, area, the dimensions, `what` and value: how many events of what has the value.
   Histograms give their values, devices their hashes; the counts stand in the rows of what = 'counts'. #}
{% macro tallies(events, work, dimensions, counts, histograms, devices) -%}
    select
        p.period,
        p.period_start_ts,
        e.province_code,
        e.area_code,
        {%- for dimension in dimensions %}
        e.{{ dimension }},
        {%- endfor %}
        t.what,
        t.value,
        sum(t.value_n) as value_n,
        {%- for count in counts %}
        sum(if(t.what = 'counts', e.{{ count }})) as {{ count }},
        {%- endfor %}
        max(e.newest_event_ts) as newest_event_ts
    from {{ events }} as e
    cross join unnest(
        array['hour', 'day'],
        array[date_trunc('hour', e.bucket_ts), {{ local_day_start('e.bucket_ts') }}]
    ) as p (period, period_start_ts)
    cross join unnest(
        array[{{ tally("'counts'", 0, 0) }}]
        {%- for what, histogram in histograms.items() %}
        || coalesce(
            transform(map_entries(e.{{ histogram }}), b -> {{ tally(quoted(what), 'b[1]', 'b[2]') }}), array[]
        )
        {%- endfor %}
        {%- for what, hashes in devices.items() %}
        || coalesce(transform(e.{{ hashes }}, h -> {{ tally(quoted(what), 'h', 1) }}), array[])
        {%- endfor %}
    ) as t (what, value, value_n)
    where {{ touched_period('p.period', 'e.bucket_ts', work) }}
    group by 1, 2, 3, 4, {% for dimension in dimensions %}e.{{ dimension }}, {% endfor %}t.what, t.value
{%- endmacro %}

{% macro tally(what, value, value_n) -%}
    cast(row({{ what }}, {{ value }}, {{ value_n }}) as row(what varchar, value bigint, value_n bigint))
{%- endmacro %}

{# The sums of the tallies in every combination of Catalonia, province and municipality, and of each dimension's own value
   and 'all'. Areas first: provinces are few, so each dimension has hardly more rows to go through than there are tallies. #}
{% macro reporting_cells(tallies, dimensions, counts) -%}
    {%- set sums -%}
        t.what,
        t.value,
        sum(t.value_n) as value_n,
        {%- for count in counts %}
        sum(t.{{ count }}) as {{ count }},
        {%- endfor %}
        max(t.newest_event_ts) as newest_event_ts
    {%- endset -%}
    select
        t.period,
        t.period_start_ts,
        t.area_level,
        t.area_code,
        {%- for dimension in dimensions %}
        d{{ loop.index }}.{{ dimension }},
        {%- endfor %}
        {{ sums }}
    from (
        select
            t.period,
            t.period_start_ts,
            a.area_level,
            a.area_code,
            {%- for dimension in dimensions %}
            t.{{ dimension }},
            {%- endfor %}
            {{ sums }}
        from {{ tallies }} as t
        cross join unnest(
            array['all', 'province', 'municipality'], array['all', t.province_code, t.area_code]
        ) as a (area_level, area_code)
        group by 1, 2, 3, 4, {% for dimension in dimensions %}t.{{ dimension }}, {% endfor %}t.what, t.value
    ) as t
    {%- for dimension in dimensions %}
    cross join unnest(array['all', t.{{ dimension }}]) as d{{ loop.index }} ({{ dimension }})
    {%- endfor %}
    group by 1, 2, 3, 4, {% for dimension in dimensions %}d{{ loop.index }}.{{ dimension }}, {% endfor %}t.what, t.value
{%- endmacro %}

{% macro cell_histogram(what) -%}
    map_agg(value, value_n) filter (where what = '{{ what }}')
{%- endmacro %}

{# How many distinct devices stand behind the cell; as many as are kept means that many or more. #}
{% macro cell_devices(what) -%}
    least(count_if(what = '{{ what }}'), {{ var('device_hashes_kept') }})
{%- endmacro %}

{# What a histogram counts: how many, or with `of` the sum of that. #}
{% macro cell_total(what, of=1) -%}
    coalesce(sum(if(what = '{{ what }}', {{ of }} * value_n)), 0)
{%- endmacro %}

{# How many distinct devices the cells hold; as many as are kept means that many or more. #}
{% macro merged_device_count(hashes) -%}
    cardinality({{ merged_device_hashes(hashes) }})
{%- endmacro %}

{% macro merged_device_hashes(hashes) -%}
    {{ smallest_hashes('array_distinct(flatten(array_agg(coalesce(' ~ hashes ~ ', array[]))))') }}
{%- endmacro %}
