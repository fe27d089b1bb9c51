-- It warns: a sender that uses an event_id twice is at fault, and each event counts for itself.
{{ config(severity='warn') }}
select
    event_id,
    min(event_ts) as first_event_ts,
    max(event_ts) as last_event_ts
from {{ ref('stg_network_events') }}
where ingest_ts >= localtimestamp - interval '2' day
group by event_id
having min(event_ts) < max(event_ts)
