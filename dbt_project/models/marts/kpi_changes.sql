-- One row per period_date (local day, until its last full hour) and kpi, of all Catalonia.
{%- set keys = ['period_date', 'kpi'] %}
{%- set within_10m_count = 'cast(round(within_10m_share * precision_n) as bigint)' %}
{%- set kpis = [
    ('lost_share', 'service_status', "network = 'all'", 'vote_n', 'lost_count'),
    ('weak_signal_share', 'signal_trends', "network = 'all' and rat = 'all'", 'signal_n', 'weak_signal_count'),
    ('within_10m_share', 'gps_accuracy', "operator = 'all' and provider = 'all'", 'precision_n', within_10m_count),
] %}
{{ config(materialized='view') }}
with

hours as (
    {% for kpi, mart, total, n, hit_count in kpis %}
        select
            '{{ kpi }}' as kpi,
            {{ local_ts('period_start_ts') }} as local_hour_ts,
            n as event_n,
            {{ n }} as n,
            {{ hit_count }} as hit_count
        from {{ ref(mart) }}
        where
            period = 'hour' and area_level = 'all' and {{ total }}
            and confidence != 'suppressed'
            and {{ within_last_days('period_start_ts', var('signal_changes_days') | int + 29) }}
            and period_start_ts < date_trunc('hour', localtimestamp)
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

days as (
    select
        cast(local_hour_ts as date) as period_date,
        kpi,
        count(*) as hour_count,
        max(local_hour_ts) as last_local_hour_ts,
        sum(event_n) as event_n,
        sum(n) as n,
        sum(hit_count) as hit_count
    from hours
    group by 1, 2
),

-- The same hours of the same day of the week, in each of the four weeks before.
weeks as (
    select
        cast(h.local_hour_ts as date) as period_date,
        h.kpi,
        w.weeks,
        count(*) as hour_count,
        sum(b.event_n) as event_n,
        sum(b.n) as n,
        sum(b.hit_count) as hit_count
    from hours as h
    cross join unnest(array[1, 2, 3, 4]) as w (weeks)
    inner join hours as b
        on h.kpi = b.kpi and b.local_hour_ts = h.local_hour_ts - interval '7' day * w.weeks
    group by 1, 2, 3
),

-- A week that lacks some of the hours would look quiet.
normals as (
    select
        d.period_date,
        d.kpi,
        count(*) as normal_week_count,
        min(w.event_n) as normal_event_n_min,
        max(w.event_n) as normal_event_n_max,
        sum(w.n) as normal_n,
        sum(w.hit_count) as normal_hit_count
    from days as d
    inner join weeks as w
        on d.period_date = w.period_date and d.kpi = w.kpi and d.hour_count = w.hour_count
    group by 1, 2
),

compared as (
    select
        d.*,
        coalesce(b.normal_week_count, 0) as normal_week_count,
        b.normal_event_n_min,
        b.normal_event_n_max,
        coalesce(b.normal_n, 0) as normal_n,
        {{ share('d.hit_count', 'd.n') }} as kpi_share,
        {{ wilson_low('d.hit_count', 'd.n') }} as kpi_share_ci_low,
        {{ wilson_high('d.hit_count', 'd.n') }} as kpi_share_ci_high,
        {{ share('b.normal_hit_count', 'b.normal_n') }} as normal_share,
        {{ wilson_low('b.normal_hit_count', 'b.normal_n') }} as normal_share_ci_low,
        {{ wilson_high('b.normal_hit_count', 'b.normal_n') }} as normal_share_ci_high,
        case
            when coalesce(b.normal_week_count, 0) < {{ var('normal_min_weeks') }} then 'suppressed'
            when least(d.n, b.normal_n) < {{ var('confidence_published_min_n') }}
                then 'low_confidence'
            else 'published'
        end as confidence
    from days as d
    left join normals as b on d.period_date = b.period_date and d.kpi = b.kpi
    where {{ within_last_days('d.last_local_hour_ts', var('signal_changes_days')) }}
),

changes as (
    select
        *,
        kpi_share - normal_share as change,
        {{ newcombe_margins('kpi_share', 'normal_share') }}
    from compared
),

final as (
    select
        period_date,
        kpi,
        last_local_hour_ts,
        hour_count,
        event_n,
        n,
        kpi_share,
        kpi_share_ci_low,
        kpi_share_ci_high,
        normal_week_count,
        {{ unless_suppressed('normal_event_n_min') }} as normal_event_n_min,
        {{ unless_suppressed('normal_event_n_max') }} as normal_event_n_max,
        normal_n,
        {{ unless_suppressed('normal_share') }} as normal_share,
        {{ unless_suppressed('normal_share_ci_low') }} as normal_share_ci_low,
        {{ unless_suppressed('normal_share_ci_high') }} as normal_share_ci_high,
        {{ unless_suppressed('change') }} as change,
        {{ unless_suppressed('change - margin_low') }} as change_ci_low,
        {{ unless_suppressed('change + margin_high') }} as change_ci_high,
        confidence != 'suppressed' and (change - margin_low > 0 or change + margin_high < 0)
            as is_changed,
        confidence
    from changes
)

select * from final
