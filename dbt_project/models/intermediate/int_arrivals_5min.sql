-- One row per bucket_ts (5 minutes of measuring), source and feed.
{%- set keys = ['bucket_ts', 'source', 'feed'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(bucket_ts)'],
    delete_condition='src.duplicate_count is null',
    insert_condition='src.duplicate_count is not null',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'data_health'],
) }}
{%- set work = refresh_from_raw(granule_minutes=5, slice_rows=250000) %}

{{ refresh_header(work) }}
with

events as (
    select
        event_id,
        event_ts,
        arrival_ts,
        ingest_ts,
        source,
        feed,
        {{ measured_bucket('event_ts') }} as bucket_ts,
        {{ copy_number() }} as copy
    from {{ ref('stg_network_events') }}
    where
        {{ touched('event_ts', work) }}
        and {{ ingested_since(work) }}
),

compared as (
    select
        *,
        min(event_ts) over (partition by event_id, bucket_ts)
        < max(event_ts) over (partition by event_id, bucket_ts) as has_conflicting_id
    from events
),

rebuilt as (
    select
        cast(bucket_ts as timestamp(6)) as bucket_ts,
        source,
        feed,
        count_if(copy = 1) as n,
        count_if(copy > 1) as duplicate_count,
        count_if({{ is_late() }} and copy = 1) as late_count,
        count(distinct if(has_conflicting_id, event_id)) as conflicting_id_count,
        cast(max(event_ts) as timestamp(6)) as newest_event_ts
    from compared
    group by 1, 2, 3
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('bucket_ts', work)) }}
)

select * from final
