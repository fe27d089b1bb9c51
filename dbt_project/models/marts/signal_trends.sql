-- One row per period, period_start_ts, area_level, area_code, network and rat.
{%- set keys = ['period', 'period_start_ts', 'area_level', 'area_code', 'network', 'rat'] %}
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
        'events', work, ['network', 'rat'],
        sums=['n', 'weak_signal_count'],
        histograms=['signal_asu_histogram', 'signal_dbm_histogram'],
        devices=['signal_device_hashes', 'signal_dbm_device_hashes'],
    ) }}
),

counted as (
    select
        *,
        cardinality(signal_device_hashes) as device_count,
        {{ histogram_total('signal_asu_histogram') }} as signal_n,
        cardinality(signal_dbm_device_hashes) as dbm_device_count,
        -- dBm of different technologies can't be compared: none where they are mixed.
        if(rat not in ('all', 'unknown'), {{ histogram_total('signal_dbm_histogram') }}, 0) as dbm_n
    from cells
),

judged as (
    select
        *,
        {{ confidence('signal_n', 'device_count') }} as confidence,
        dbm_n > 0 and {{ confidence('dbm_n', 'dbm_device_count') }} != 'suppressed' as has_dbm
    from counted
),

summed as (
    select
        *,
        {{ unless_suppressed(histogram_total('signal_asu_histogram', 'b[1] * b[2]')) }} as asu_sum,
        {{ unless_suppressed(histogram_total('signal_asu_histogram', 'b[2] * b[1] * b[1]')) }}
            as asu_sum_of_squares
    from judged
),

measured as (
    select
        *,
        {{ share('asu_sum', 'signal_n') }} as asu_mean,
        1.959964E0 * sqrt(
            (asu_sum_of_squares - {{ share('asu_sum', 'signal_n') }} * asu_sum)
            / (nullif(signal_n - 1, 0) * cast(signal_n as double))
        ) as asu_mean_margin
    from summed
),

rebuilt as (
    select
        {{ keys | join(', ') }},
        {{ local_date('period_start_ts') }} as period_date,
        n,
        device_count,
        signal_n,
        asu_mean as signal_asu_mean,
        asu_mean - asu_mean_margin as signal_asu_mean_ci_low,
        asu_mean + asu_mean_margin as signal_asu_mean_ci_high,
        {{ unless_suppressed(percentile_from_histogram('signal_asu_histogram', 0.5)) }}
            as signal_asu_median,
        {{ unless_suppressed(percentile_from_histogram('signal_asu_histogram', 0.1)) }}
            as signal_asu_p10,
        {{ unless_suppressed('weak_signal_count') }} as weak_signal_count,
        {{ unless_suppressed(share('weak_signal_count', 'signal_n')) }} as weak_signal_share,
        {{ unless_suppressed(wilson_low('weak_signal_count', 'signal_n')) }}
            as weak_signal_share_ci_low,
        {{ unless_suppressed(wilson_high('weak_signal_count', 'signal_n')) }}
            as weak_signal_share_ci_high,
        dbm_n as signal_dbm_n,
        if(
            has_dbm,
            {{ unless_suppressed(percentile_from_histogram('signal_dbm_histogram', 0.5)) }}
        ) as signal_dbm_median,
        confidence,
        newest_event_ts,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from measured
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched_period('period', 'period_start_ts', work)) }}
)

select * from final
