-- Of the last two days, what rejected_events has looked at is counted exactly once.
{%- set since = "date_trunc('hour', localtimestamp) - interval '2' day" %}
with

refused as (
    select count(*) as n
    from {{ ref('stg_rejected_events') }}
    where
        ingest_ts >= {{ since }}
        and {{ not_newer_than(counted_until('rejected_events', 'live')) }}
),

counted as (
    select coalesce(sum(n), 0) as n
    from {{ ref('rejected_events') }}
    where period_start_ts >= {{ since }}
)

-- The loop may have counted more between the watermarks' reading and this.
select
    refused.n as refused_n,
    counted.n as counted_n
from refused
cross join counted
where refused.n > counted.n
