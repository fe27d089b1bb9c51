-- What was refused in the last day, and why?
-- `payload` in raw.network_events holds each record as it arrived.
select
    reject_reason,
    count(*) as rejected_count,
    min(ingest_ts) as first_ingest_ts,
    max(ingest_ts) as last_ingest_ts
from {{ ref('stg_rejected_events') }}
where ingest_ts >= localtimestamp - interval '1' day
group by reject_reason
order by rejected_count desc
