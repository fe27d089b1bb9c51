-- One row per bucket_ts (5 minutes of measuring), area_code, network, operator, rat and provider.
{%- set keys = ['bucket_ts', 'area_code', 'network', 'operator', 'rat', 'provider'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(bucket_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'kpis'],
) }}
{%- set work = refresh_from_raw(granule_minutes=5, slice_rows=250000) %}

{{ refresh_header(work) }}
with

events as (
    select
        *,
        {{ measured_bucket('event_ts') }} as bucket_ts,
        {{ copy_number() }} as copy,
        count(*) over (partition by event_id, event_ts) - 1 as later_copies
    from {{ ref('stg_network_events') }}
    where
        {{ touched('event_ts', work) }}
        and {{ ingested_since(work) }}
),

rebuilt as (
    select
        cast(bucket_ts as timestamp(6)) as bucket_ts,
        area_code,
        network,
        operator,
        rat,
        provider,
        province_code,
        host_network,
        count(*) as n,
        sum(later_copies) as duplicate_count,
        {{ device_hashes_of('signal_asu is not null') }} as signal_device_hashes,
        histogram(signal_asu) as signal_asu_histogram,
        count_if(is_weak_signal) as weak_signal_count,
        {{ device_hashes_of('signal_dbm is not null') }} as signal_dbm_device_hashes,
        histogram(signal_dbm) as signal_dbm_histogram,
        {{ device_hashes_of('precision_m is not null') }} as precision_device_hashes,
        histogram({{ clipped('precision_m', var('histogram_precision_max_m')) }})
            as precision_m_histogram,
        coalesce(sum(cast(round(precision_m * 100) as bigint)), 0) as precision_cm_sum,
        count_if(precision_m <= 10) as within_10m_count,
        count_if(precision_m <= 50) as within_50m_count,
        {{ device_hashes_of("provider = 'gps' and satellite_count is not null") }}
            as fix_device_hashes,
        count_if(provider = 'gps' and satellite_count is not null) as fix_n,
        count_if(provider = 'gps' and satellite_count >= 4) as fix_quality_count,
        {{ device_hashes_of("service_state in ('in_service', 'lost')") }} as vote_device_hashes,
        count_if(service_state = 'in_service') as in_service_count,
        count_if(service_state = 'lost') as lost_count,
        count_if(service_state = 'off') as off_count,
        count_if(service_state = 'unknown') as unknown_count,
        histogram({{ clipped(
            'to_unixtime(ingest_ts) - to_unixtime(event_ts)', var('histogram_lag_max_s')
        ) }}) as lag_s_histogram,
        cast(max(event_ts) as timestamp(6)) as newest_event_ts,
        cast(max(ingest_ts) as timestamp(6)) as newest_ingest_ts
    from events
    where copy = 1
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('bucket_ts', work)) }}
)

select * from final
