with

raw_events as (
    select * from {{ source('raw', 'network_events') }}
),

final as (
    select
        event_id,
        event_ts,
        arrival_ts,
        ingest_ts,
        coalesce(reject_reason, 'event_in_future') as reject_reason,
        coalesce(feed, 'default') as feed,
        source,
        source_row,
        shard_id,
        sequence_number,
        length(payload) as payload_bytes
    from raw_events
    where not {{ is_accepted() }}
)

select * from final
