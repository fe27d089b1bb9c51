-- Of the last two days, what the live and the late beat have both looked at is either counted or a
-- duplicate.
{%- set since = "date_trunc('hour', localtimestamp) - interval '2' day" %}
with

accepted as (
    select count(*) as n
    from {{ ref('stg_network_events') }}
    where
        event_ts >= {{ since }}
        and ingest_ts >= {{ since }} - {{ max_ahead() }}
        and {{ not_newer_than(counted_until('int_network_events_5min', 'live')) }}
        and {{ not_newer_than(counted_until('int_network_events_5min', 'late')) }}
),

counted as (
    select coalesce(sum(n + duplicate_count), 0) as n
    from {{ ref('int_network_events_5min') }}
    where bucket_ts >= {{ since }}
)

-- The loop may have counted more between the watermarks' reading and this.
select
    accepted.n as accepted_n,
    counted.n as counted_n
from accepted
cross join counted
where accepted.n > counted.n
