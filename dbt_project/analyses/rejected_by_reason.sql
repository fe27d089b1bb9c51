-- What was refused in the last day, why, since when, and what does such a record look like?
-- Device and position are masked; `payload` in raw.network_events holds each record as it arrived.
with

recent as (
    select * from {{ ref('rejected_events') }}
    where period_start_ts >= localtimestamp - interval '1' day
)

select
    r.reject_reason,
    sum(r.n) as rejected_count,
    min(r.period_start_ts) as first_hour_ts,
    max(r.newest_ingest_ts) as newest_ingest_ts,
    array_join(array_agg(distinct r.feed), ', ') as feeds,
    max(e.example) as newest_example
from recent as r
left join {{ ref('rejected_examples') }} as e
    on r.reject_reason = e.reject_reason and e.example_number = 1
group by r.reject_reason
order by rejected_count desc, r.reject_reason asc
