-- One row per period, period_start_ts, area_level, area_code, operator and provider.
{%- set keys = ['period', 'period_start_ts', 'area_level', 'area_code', 'operator', 'provider'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(period_start_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    update_condition=any_changed([
        'n', 'device_count', 'precision_n', 'precision_mean_m', 'precision_median_m',
        'precision_p95_m', 'within_10m_share', 'within_10m_share_ci_low',
        'within_10m_share_ci_high', 'within_50m_share', 'within_50m_share_ci_low',
        'within_50m_share_ci_high', 'fix_n', 'fix_quality_share',
        'fix_quality_share_ci_low', 'fix_quality_share_ci_high', 'confidence',
        'newest_event_ts',
    ]),
    post_hook='{{ save_refresh() }}',
    tags=['live'],
) }}
{%- set work = refresh_following('int_network_events_5min', cells_per_event=24) %}

{{ refresh_header(work) }}
with

events as (
    select * from {{ ref('int_network_events_5min') }}
    where {{ touched('bucket_ts', work, 'days') }}
),

cells as (
    {{ reporting_cells('events', ['operator', 'provider'], [
        'n', 'precision_device_hashes', 'fix_device_hashes', 'precision_cm_sum', 'within_10m_count',
        'within_50m_count', 'fix_n', 'fix_quality_count', 'precision_m_histogram', 'newest_event_ts',
    ]) }}
),

counted as (
    select
        {{ keys | join(', ') }},
        sum(n) as n,
        {{ merged_device_count('precision_device_hashes') }} as device_count,
        {{ merged_device_count('fix_device_hashes') }} as fix_device_count,
        sum(precision_cm_sum) as precision_cm_sum,
        sum(within_10m_count) as within_10m_count,
        sum(within_50m_count) as within_50m_count,
        sum(fix_n) as fix_n,
        sum(fix_quality_count) as fix_quality_count,
        max(newest_event_ts) as newest_event_ts
    from cells
    group by {{ keys | join(', ') }}
),

precision_m as (
    {{ merged_histogram('cells', keys, 'precision_m_histogram') }}
),

joined as (
    select
        {{ keys | join(', ') }},
        c.n,
        c.device_count,
        c.precision_cm_sum,
        c.within_10m_count,
        c.within_50m_count,
        c.fix_n,
        c.fix_quality_count,
        c.newest_event_ts,
        p.precision_m_histogram,
        coalesce(p.n, 0) as precision_n,
        {{ confidence('p.n', 'c.device_count') }} as confidence,
        {{ confidence('c.fix_n', 'c.fix_device_count') }} != 'suppressed' as has_enough_fixes
    from counted as c
    left join precision_m as p using ({{ keys | join(', ') }})
),

rebuilt as (
    select
        {{ keys | join(', ') }},
        {{ local_date('period_start_ts') }} as period_date,
        n,
        device_count,
        precision_n,
        {{ unless_suppressed('precision_cm_sum / 100E0 / nullif(precision_n, 0)') }}
            as precision_mean_m,
        {{ unless_suppressed(percentile_from_histogram('precision_m_histogram', 0.5)) }}
            as precision_median_m,
        {{ unless_suppressed(percentile_from_histogram('precision_m_histogram', 0.95)) }}
            as precision_p95_m,
        {{ unless_suppressed(share('within_10m_count', 'precision_n')) }} as within_10m_share,
        {{ unless_suppressed(wilson_low('within_10m_count', 'precision_n')) }}
            as within_10m_share_ci_low,
        {{ unless_suppressed(wilson_high('within_10m_count', 'precision_n')) }}
            as within_10m_share_ci_high,
        {{ unless_suppressed(share('within_50m_count', 'precision_n')) }} as within_50m_share,
        {{ unless_suppressed(wilson_low('within_50m_count', 'precision_n')) }}
            as within_50m_share_ci_low,
        {{ unless_suppressed(wilson_high('within_50m_count', 'precision_n')) }}
            as within_50m_share_ci_high,
        fix_n,
        if(has_enough_fixes, {{ unless_suppressed(share('fix_quality_count', 'fix_n')) }})
            as fix_quality_share,
        if(has_enough_fixes, {{ unless_suppressed(wilson_low('fix_quality_count', 'fix_n')) }})
            as fix_quality_share_ci_low,
        if(has_enough_fixes, {{ unless_suppressed(wilson_high('fix_quality_count', 'fix_n')) }})
            as fix_quality_share_ci_high,
        confidence,
        newest_event_ts,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from joined
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('period_start_ts', work, 'days')) }}
)

select * from final
