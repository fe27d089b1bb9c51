-- Of the last two days, no bucket holds more events and copies than raw has accepted.
{%- set since = "date_trunc('hour', localtimestamp) - interval '2' day" %}
with

arrived as (
    select
        {{ measured_bucket('event_ts') }} as bucket_ts,
        count(*) as n
    from {{ ref('stg_network_events') }}
    where
        event_ts >= {{ since }}
        and ingest_ts >= {{ since }} - {{ max_ahead() }}
    group by 1
),

-- A run that ends while this starts may have read rows that this doesn't see yet.
counted as (
    select
        bucket_ts,
        sum(n + duplicate_count) as n
    from {{ ref('int_network_events_5min') }}
    where bucket_ts >= {{ since }}
    group by 1
    having max(newest_ingest_ts) < localtimestamp - interval '2' minute
)

select
    counted.bucket_ts,
    counted.n as counted_n,
    coalesce(arrived.n, 0) as arrived_n
from counted
left join arrived on counted.bucket_ts = arrived.bucket_ts
where counted.n > coalesce(arrived.n, 0)
