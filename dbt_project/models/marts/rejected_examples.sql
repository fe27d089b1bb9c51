-- One row per reject reason and example_number: the newest examples of the last 7 days.
{{ config(materialized='view') }}
with

rejected_events as (
    select * from {{ ref('rejected_events') }}
    where {{ within_last_days('period_start_ts', 7) }}
),

examples as (
    select
        r.reject_reason,
        e.example,
        max(r.newest_ingest_ts) as newest_ingest_ts,
        max_by(r.source, r.newest_ingest_ts) as source,
        max_by(r.feed, r.newest_ingest_ts) as feed
    from rejected_events as r
    cross join unnest(r.examples) as e (example)
    group by r.reject_reason, e.example
),

numbered as (
    select
        *,
        row_number() over (
            partition by reject_reason
            order by newest_ingest_ts desc, example asc
        ) as example_number
    from examples
),

final as (
    select
        reject_reason,
        cast(example_number as integer) as example_number,
        newest_ingest_ts,
        source,
        feed,
        example
    from numbered
    where example_number <= 5
)

select * from final
