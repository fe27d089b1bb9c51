-- One row per bucket_ts (5 minutes of measuring), area_code and host_network.
{%- set keys = ['bucket_ts', 'area_code', 'host_network'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(bucket_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'outages'],
) }}
{%- set work = refresh_from_raw(granule_minutes=5, slice_rows=250000) %}

{{ refresh_header(work) }}
with

events as (
    select
        *,
        {{ measured_bucket('event_ts') }} as bucket_ts,
        {{ is_late() }} as is_late,
        {{ arrived_on_its_day() }} as is_timely,
        service_state in ('in_service', 'lost') as is_vote,
        service_state = 'lost' as is_lost,
        {{ copy_number() }} as copy,
        count(*) over (partition by event_id, event_ts) - 1 as later_copies
    from {{ ref('stg_network_events') }}
    where
        {{ touched('event_ts', work) }}
        and {{ ingested_since(work) }}
),

-- A phone's last word in the bucket is its vote.
phones as (
    select
        bucket_ts,
        area_code,
        host_network,
        province_code,
        device_key,
        count(*) as n,
        sum(later_copies) as duplicate_count,
        max_by(is_lost, row(event_ts, event_id)) filter (where is_vote) as is_bad,
        max_by(is_late, row(event_ts, event_id)) filter (where is_vote) as is_late,
        max_by(is_lost, row(event_ts, event_id)) filter (where is_vote and is_timely)
            as is_timely_bad,
        max(event_ts) as newest_event_ts,
        max(ingest_ts) as newest_ingest_ts
    from events
    where copy = 1
    group by 1, 2, 3, 4, 5
),

rebuilt as (
    select
        cast(bucket_ts as timestamp(6)) as bucket_ts,
        area_code,
        host_network,
        province_code,
        sum(n) as n,
        sum(duplicate_count) as duplicate_count,
        count(is_bad) as vote_n,
        count_if(is_bad) as bad_n,
        count_if(is_late) as late_vote_n,
        count_if(is_late and is_bad) as late_bad_n,
        count(is_timely_bad) as timely_vote_n,
        count_if(is_timely_bad) as timely_bad_n,
        {{ device_hashes_of('is_bad is not null', 'outage_device_hashes_kept') }} as voter_hashes,
        {{ device_hashes_of('is_bad', 'outage_device_hashes_kept') }} as bad_hashes,
        cast(max(newest_event_ts) as timestamp(6)) as newest_event_ts,
        cast(max(newest_ingest_ts) as timestamp(6)) as newest_ingest_ts
    from phones
    group by 1, 2, 3, 4
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('bucket_ts', work)) }}
)

select * from final
