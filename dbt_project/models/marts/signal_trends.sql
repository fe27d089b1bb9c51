-- One row per period, period_start_ts, area_level, area_code, network and rat.
{%- set keys = ['period', 'period_start_ts', 'area_level', 'area_code', 'network', 'rat'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(period_start_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    update_condition=any_changed([
        'n', 'device_count', 'signal_n', 'signal_asu_mean', 'signal_asu_mean_ci_low',
        'signal_asu_mean_ci_high', 'signal_asu_median', 'signal_asu_p10',
        'weak_signal_share', 'weak_signal_share_ci_low', 'weak_signal_share_ci_high',
        'signal_dbm_n', 'signal_dbm_median', 'confidence', 'newest_event_ts',
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
    {{ reporting_cells('events', ['network', 'rat'], [
        'n', 'signal_device_hashes', 'signal_dbm_device_hashes', 'weak_signal_count',
        'signal_asu_histogram', 'signal_dbm_histogram', 'newest_event_ts',
    ]) }}
),

counted as (
    select
        {{ keys | join(', ') }},
        sum(n) as n,
        {{ merged_device_count('signal_device_hashes') }} as device_count,
        {{ merged_device_count('signal_dbm_device_hashes') }} as dbm_device_count,
        sum(weak_signal_count) as weak_signal_count,
        max(newest_event_ts) as newest_event_ts
    from cells
    group by {{ keys | join(', ') }}
),

asu as (
    {{ merged_histogram('cells', keys, 'signal_asu_histogram') }}
),

dbm as (
    {{ merged_histogram('cells', keys, 'signal_dbm_histogram') }}
),

joined as (
    select
        {{ keys | join(', ') }},
        c.n,
        c.device_count,
        c.weak_signal_count,
        c.newest_event_ts,
        asu.signal_asu_histogram,
        coalesce(asu.n, 0) as signal_n,
        asu.total / asu.n as asu_mean,
        1.959964E0 * sqrt(
            (asu.total_of_squares - asu.total * asu.total / asu.n)
            / (nullif(asu.n - 1, 0) * cast(asu.n as double))
        ) as asu_mean_margin,
        -- dBm of different technologies can't be compared: none where they are mixed.
        if(rat not in ('all', 'unknown'), dbm.signal_dbm_histogram) as signal_dbm_histogram,
        if(rat not in ('all', 'unknown'), coalesce(dbm.n, 0), 0) as signal_dbm_n,
        {{ confidence('dbm.n', 'c.dbm_device_count') }} != 'suppressed' as has_enough_dbm,
        {{ confidence('asu.n', 'c.device_count') }} as confidence
    from counted as c
    left join asu using ({{ keys | join(', ') }})
    left join dbm using ({{ keys | join(', ') }})
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
        {{ unless_suppressed(share('weak_signal_count', 'signal_n')) }} as weak_signal_share,
        {{ unless_suppressed(wilson_low('weak_signal_count', 'signal_n')) }}
            as weak_signal_share_ci_low,
        {{ unless_suppressed(wilson_high('weak_signal_count', 'signal_n')) }}
            as weak_signal_share_ci_high,
        signal_dbm_n,
        if(
            has_enough_dbm,
            {{ unless_suppressed(percentile_from_histogram('signal_dbm_histogram', 0.5)) }}
        ) as signal_dbm_median,
        confidence,
        newest_event_ts,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from joined
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('period_start_ts', work, 'days')) }}
)

select * from final
