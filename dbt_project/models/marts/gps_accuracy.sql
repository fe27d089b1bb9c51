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
    tags=['live', 'kpis'],
) }}
{%- set work = refresh_following('int_network_events_5min', cells_per_event=24) %}

{{ refresh_header(work) }}
with

events as (
    select * from {{ ref('int_network_events_5min') }}
    where {{ touched('bucket_ts', work, 'days') }}
),

cells as (
    {{ reporting_cells(
        'events', work, ['operator', 'provider'],
        sums=[
            'n', 'precision_cm_sum', 'within_10m_count', 'within_50m_count',
            'fix_n', 'fix_quality_count',
        ],
        histograms=['precision_m_histogram'],
        devices=['precision_device_hashes', 'fix_device_hashes'],
    ) }}
),

counted as (
    select
        *,
        cardinality(precision_device_hashes) as device_count,
        {{ histogram_total('precision_m_histogram') }} as precision_n,
        cardinality(fix_device_hashes) as fix_device_count
    from cells
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
