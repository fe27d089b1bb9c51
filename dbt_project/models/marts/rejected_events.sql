-- One row per hour of ingestion, source, feed and reject reason.
{%- set keys = ['period_start_ts', 'source', 'feed', 'reject_reason'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(period_start_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'data_health'],
) }}
{%- set work = rejected_work() %}

{{ refresh_header(work) }}
with

records as (
    select
        *,
        cast(date_trunc('hour', ingest_ts) as timestamp(6)) as period_start_ts
    from {{ ref('stg_rejected_events') }}
    where {{ touched('ingest_ts', work) }}
),

rebuilt as (
    select
        {{ keys | join(', ') }},
        count(*) as n,
        max(payload_bytes) as payload_max_bytes,
        -- The newest three, in bounded memory and always the same: ordered by time and text.
        array_distinct(transform(
            max(cast(cast(ingest_ts as timestamp(6)) as varchar) || redacted_payload, 3),
            dated -> substr(dated, length('2026-11-24 00:00:00.000000') + 1)
        )) as examples,
        cast(max(ingest_ts) as timestamp(6)) as newest_ingest_ts,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from records
    group by {{ keys | join(', ') }}
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('period_start_ts', work)) }}
)

select * from final
