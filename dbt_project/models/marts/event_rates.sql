-- One row per bucket_ts (5 minutes of measuring) of the last 24 hours, those without an event too.
{{ config(materialized='view') }}
with

buckets as (
    select b.bucket_ts
    from unnest({{ complete_buckets_of_last_day() }}) as b (bucket_ts)
),

arrivals as (
    select
        bucket_ts,
        sum(n) as event_n,
        sum(if(source = 'stream', n, 0)) as stream_event_n
    from {{ ref('int_arrivals_5min') }}
    where {{ within_last_days('bucket_ts', 2) }}
    group by bucket_ts
),

final as (
    select
        cast(b.bucket_ts as timestamp(6)) as bucket_ts,
        coalesce(a.event_n, 0) as event_n,
        coalesce(a.stream_event_n, 0) as stream_event_n,
        coalesce(a.event_n, 0) / 5e0 as event_per_min
    from buckets as b
    left join arrivals as a on b.bucket_ts = a.bucket_ts
)

select * from final
