-- One row per period, period_start_ts, area_level, area_code, operator and provider.
{%- set keys = ['period', 'period_start_ts', 'area_level', 'area_code', 'operator', 'provider'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(period_start_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    post_hook='{{ save_refresh() }}',
    tags=['live'],
) }}
{%- set counts = [
    'n', 'precision_cm_sum', 'within_10m_count', 'within_50m_count', 'fix_n', 'fix_quality_count',
] %}
{%- set work = refresh_following('int_network_events_5min', cells_per_event=24) %}

{{ refresh_header(work) }}
with

events as (
    select * from {{ ref('int_network_events_5min') }}
    where {{ touched('bucket_ts', work, 'days') }}
),

tallied as (
    {{ tallies(
        'events', work, ['operator', 'provider'], counts,
        histograms={'precision_m': 'precision_m_histogram'},
        devices={'device': 'precision_device_hashes', 'fix_device': 'fix_device_hashes'},
    ) }}
),

cells as (
    {{ reporting_cells('tallied', ['operator', 'provider'], counts) }}
),

counted as (
    select
        {{ keys | join(', ') }},
        sum(n) as n,
        {{ cell_devices('device') }} as device_count,
        {{ cell_histogram('precision_m') }} as precision_m_histogram,
        {{ cell_total('precision_m') }} as precision_n,
        sum(precision_cm_sum) as precision_cm_sum,
        sum(within_10m_count) as within_10m_count,
        sum(within_50m_count) as within_50m_count,
        {{ cell_devices('fix_device') }} as fix_device_count,
        sum(fix_n) as fix_n,
        sum(fix_quality_count) as fix_quality_count,
        max(newest_event_ts) as newest_event_ts
    from cells
    group by {{ keys | join(', ') }}
),

judged as (
    select
        *,
        {{ confidence('precision_n', 'device_count') }} as confidence,
        {{ confidence('fix_n', 'fix_device_count') }} != 'suppressed' as has_enough_fixes
    from counted
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
    from judged
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched_period('period', 'period_start_ts', work)) }}
)

select * from final
