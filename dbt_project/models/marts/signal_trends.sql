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
    tags=['live'],
) }}
{%- set work = refresh_following('int_network_events_5min', cells_per_event=24) %}

{{ refresh_header(work) }}
with

events as (
    select * from {{ ref('int_network_events_5min') }}
    where {{ touched('bucket_ts', work, 'days') }}
),

tallied as (
    {{ tallies(
        'events', work, ['network', 'rat'], ['n', 'weak_signal_count'],
        histograms={'asu': 'signal_asu_histogram', 'dbm': 'signal_dbm_histogram'},
        devices={'device': 'signal_device_hashes', 'dbm_device': 'signal_dbm_device_hashes'},
    ) }}
),

cells as (
    {{ reporting_cells('tallied', ['network', 'rat'], ['n', 'weak_signal_count']) }}
),

counted as (
    select
        {{ keys | join(', ') }},
        sum(n) as n,
        {{ cell_devices('device') }} as device_count,
        {{ cell_histogram('asu') }} as signal_asu_histogram,
        {{ cell_total('asu') }} as signal_n,
        {{ cell_total('asu', 'value') }} as asu_sum,
        {{ cell_total('asu', 'value * value') }} as asu_sum_of_squares,
        sum(weak_signal_count) as weak_signal_count,
        -- dBm of different technologies can't be compared: none where they are mixed.
        rat not in ('all', 'unknown') as has_one_rat,
        {{ cell_devices('dbm_device') }} as dbm_device_count,
        {{ cell_histogram('dbm') }} as signal_dbm_histogram,
        {{ cell_total('dbm') }} as dbm_n,
        max(newest_event_ts) as newest_event_ts
    from cells
    group by {{ keys | join(', ') }}
),

judged as (
    select
        *,
        {{ share('asu_sum', 'signal_n') }} as asu_mean,
        1.959964E0 * sqrt(
            (asu_sum_of_squares - {{ share('asu_sum', 'signal_n') }} * asu_sum)
            / (nullif(signal_n - 1, 0) * cast(signal_n as double))
        ) as asu_mean_margin,
        {{ confidence('signal_n', 'device_count') }} as confidence,
        has_one_rat and {{ confidence('dbm_n', 'dbm_device_count') }} != 'suppressed' as has_dbm
    from counted
),

rebuilt as (
    select
        {{ keys | join(', ') }},
        {{ local_date('period_start_ts') }} as period_date,
        n,
        device_count,
        signal_n,
        {{ unless_suppressed('asu_mean') }} as signal_asu_mean,
        {{ unless_suppressed('asu_mean - asu_mean_margin') }} as signal_asu_mean_ci_low,
        {{ unless_suppressed('asu_mean + asu_mean_margin') }} as signal_asu_mean_ci_high,
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
        if(has_one_rat, dbm_n, 0) as signal_dbm_n,
        if(
            has_dbm,
            {{ unless_suppressed(percentile_from_histogram('signal_dbm_histogram', 0.5)) }}
        ) as signal_dbm_median,
        confidence,
        newest_event_ts,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from judged
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched_period('period', 'period_start_ts', work)) }}
)

select * from final
