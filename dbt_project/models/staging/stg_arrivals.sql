-- One row per row of raw.network_events.
-- One row per row of raw.network_events.
with

raw_events as (
    select * from {{ source('raw', 'network_events') }}
),

final as (
    select
        event_ts,
        arrival_ts,
        ingest_ts,
        {{ is_accepted() }} as is_accepted,
        source
    from raw_events
)

select * from final
