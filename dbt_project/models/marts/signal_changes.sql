-- One row per period_start_ts (hour), area_level, area_code, network and rat.
{%- set keys = ['area_level', 'area_code', 'network', 'rat'] %}
{{ config(materialized='view') }}
with

hours as (
    select
        *,
        {{ local_ts('period_start_ts') }} as local_hour_ts
    from {{ ref('signal_trends') }}
    where
        period = 'hour'
        and {{ within_last_days('period_start_ts', var('signal_changes_days') | int + 29) }}
),

-- Each hour stands for the normal of the same local hour in the four weeks that follow.
normal_weeks as (
    select
        {{ keys | join(', ') }},
        h.local_hour_ts + interval '7' day * w.weeks as local_hour_ts,
        w.weeks,
        h.signal_n,
        h.weak_signal_count
    from hours as h
    cross join unnest(array[1, 2, 3, 4]) as w (weeks)
    where h.confidence != 'suppressed'
),

normals as (
    select
        {{ keys | join(', ') }},
        local_hour_ts,
        count(distinct weeks) as normal_week_count,
        sum(signal_n) as normal_signal_n,
        sum(weak_signal_count) as normal_weak_signal_count
    from normal_weeks
    group by {{ keys | join(', ') }}, local_hour_ts
),

compared as (
    select
        h.period_start_ts,
        {{ keys | join(', ') }},
        h.period_date,
        h.signal_n,
        h.weak_signal_share,
        h.weak_signal_share_ci_low,
        h.weak_signal_share_ci_high,
        coalesce(n.normal_week_count, 0) as normal_week_count,
        coalesce(n.normal_signal_n, 0) as normal_signal_n,
        {{ share('n.normal_weak_signal_count', 'n.normal_signal_n') }} as normal_share,
        {{ wilson_low('n.normal_weak_signal_count', 'n.normal_signal_n') }} as normal_share_ci_low,
        {{ wilson_high('n.normal_weak_signal_count', 'n.normal_signal_n') }}
            as normal_share_ci_high,
        case
            when h.confidence = 'suppressed' then 'suppressed'
            when coalesce(n.normal_week_count, 0) < {{ var('normal_min_weeks') }} then 'suppressed'
            when least(h.signal_n, n.normal_signal_n) < {{ var('confidence_published_min_n') }}
                then 'low_confidence'
            else 'published'
        end as confidence
    from hours as h
    left join normals as n using ({{ keys | join(', ') }}, local_hour_ts)
    where {{ within_last_days('h.period_start_ts', var('signal_changes_days')) }}
),

changes as (
    select
        *,
        weak_signal_share - normal_share as change,
        {{ newcombe_margins('weak_signal_share', 'normal_share') }}
    from compared
),

final as (
    select
        period_start_ts,
        {{ keys | join(', ') }},
        period_date,
        signal_n,
        weak_signal_share,
        normal_week_count,
        normal_signal_n,
        {{ unless_suppressed('normal_share') }} as normal_weak_signal_share,
        {{ unless_suppressed('change') }} as weak_signal_change,
        {{ unless_suppressed('change - margin_low') }} as weak_signal_change_ci_low,
        {{ unless_suppressed('change + margin_high') }} as weak_signal_change_ci_high,
        confidence != 'suppressed' and (change - margin_low > 0 or change + margin_high < 0)
            as is_changed,
        confidence
    from changes
)

select * from final
