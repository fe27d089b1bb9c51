-- One row per row of raw.network_events that is counted nowhere, with the reason.
with

raw_events as (
    select
        *,
        from_utf8(payload) as payload_text
    from {{ source('raw', 'network_events') }}
    where not {{ is_accepted() }}
),

parsed as (
    select
        *,
        {{ fields_of('payload_text') }} as fields
    from raw_events
),

final as (
    select
        event_id,
        event_ts,
        arrival_ts,
        ingest_ts,
        coalesce(reject_reason, 'event_in_future') as reject_reason,
        case
            when reject_reason is null then coalesce(feed, 'default')
            when fields is null then 'unknown'
            else {{ named_feed("json_extract(payload_text, '$.feed')") }}
        end as feed,
        source,
        source_row,
        shard_id,
        sequence_number,
        length(payload) as payload_bytes,
        if(fields is null, {{ masked('payload_text') }}, {{ redacted_fields('fields') }})
            as redacted_payload
    from parsed
)

select * from final
