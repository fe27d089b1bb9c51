{# One row per touched hour or day, area (Catalonia, province, municipality), and each dimension's own value or 'all'.
   Sums, histograms and the smallest hashes of devices merge exactly, so each step starts from the one before: hours of
   a municipality, then areas and days, then dimensions. Each leaves fewer rows for the next to multiply. To be read
   once: Athena would compute a second reading anew. #}
{% macro reporting_cells(events, work, dimensions, sums, histograms, devices) -%}
    {%- set merged = merged_columns(sums, histograms, devices) -%}
    select
        c.period,
        c.period_start_ts,
        c.area_level,
        c.area_code,
        {%- for dimension in dimensions %}
        d{{ loop.index }}.{{ dimension }},
        {%- endfor %}
        {{ merged }}
    from (
        select
            p.period,
            p.period_start_ts,
            a.area_level,
            a.area_code,
            {%- for dimension in dimensions %}
            h.{{ dimension }},
            {%- endfor %}
            {{ merged }}
        from (
            select
                date_trunc('hour', bucket_ts) as hour_ts,
                province_code,
                area_code,
                {%- for dimension in dimensions %}
                {{ dimension }},
                {%- endfor %}
                {{ merged }}
            from {{ events }}
            group by 1, 2, 3{% for dimension in dimensions %}, {{ dimension }}{% endfor %}
        ) as h
        cross join unnest(
            array['hour', 'day'], array[h.hour_ts, {{ local_day_start('h.hour_ts') }}]
        ) as p (period, period_start_ts)
        cross join unnest(
            array['all', 'province', 'municipality'], array['all', h.province_code, h.area_code]
        ) as a (area_level, area_code)
        where {{ touched_period('p.period', 'h.hour_ts', work) }}
        group by 1, 2, 3, 4{% for dimension in dimensions %}, h.{{ dimension }}{% endfor %}
    ) as c
    {%- for dimension in dimensions %}
    cross join unnest(array['all', c.{{ dimension }}]) as d{{ loop.index }} ({{ dimension }})
    {%- endfor %}
    group by 1, 2, 3, 4{% for dimension in dimensions %}, d{{ loop.index }}.{{ dimension }}{% endfor %}
{%- endmacro %}

{% macro merged_columns(sums, histograms, devices) -%}
    {%- for name in sums %}
        sum({{ name }}) as {{ name }},
    {%- endfor %}
    {%- for name in histograms %}
        {{ merged_histogram(name) }} as {{ name }},
    {%- endfor %}
    {%- for name in devices %}
        {{ merged_device_hashes(name) }} as {{ name }},
    {%- endfor %}
        max(newest_event_ts) as newest_event_ts
{%- endmacro %}
