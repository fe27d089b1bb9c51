-- One row per refresh of the KPIs.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partitioned_by=['day(refreshed_ts)'],
    full_refresh=false,
    tags=['live', 'kpis'],
) }}
-- depends_on: {{ ref('signal_trends') }}
-- depends_on: {{ ref('gps_accuracy') }}
-- depends_on: {{ ref('service_status') }}
-- depends_on: {{ ref('outage_state_changes') }}
-- depends_on: {{ ref('rejected_events') }}
-- depends_on: {{ ref('int_arrivals_5min') }}
{%- set last = last_refresh(this) if is_incremental() else {} %}
{#- What the marts of the KPIs, which this run has refreshed, and those of the outages all show. #}
{%- set upto = earlier_of(
    counted_until('int_network_events_5min', 'live'),
    followed_until(
        'int_outage_votes_5min',
        through=['int_outage_votes_day', 'int_outage_baselines', 'outage_checks', 'outage_incidents'],
        before=last.get('counted_until', {})
    )
) %}

with

arrived as (
    {{ rows_newer_than(ref('stg_arrivals'), last.get('counted_until', {})) }}
),

-- What has come to stand in all of them since the last row.
news as (
    select
        *,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from arrived
    where {{ not_newer_than(upto) }}
),

lags as (
    select
        *,
        if(
            is_accepted and arrival_ts is not null,
            to_unixtime(refreshed_ts) - to_unixtime(event_ts)
        ) as lag_event_s,
        to_unixtime(refreshed_ts) - to_unixtime(arrival_ts) as lag_arrival_s
    from news
),

counted as (
    select
        count(*) as new_count,
        count_if(is_accepted) as accepted_count,
        count_if(not is_accepted) as rejected_count,
        max(if(is_accepted, event_ts)) as newest_event_ts,
        max(arrival_ts) as newest_arrival_ts,
        max(ingest_ts) as newest_ingest_ts,
        approx_percentile(lag_event_s, 0.5) as lag_event_p50_s,
        approx_percentile(lag_event_s, 0.95) as lag_event_p95_s,
        approx_percentile(lag_arrival_s, 0.5) as lag_arrival_p50_s,
        approx_percentile(lag_arrival_s, 0.95) as lag_arrival_p95_s
    from lags
),

final as (
    select
        cast(current_timestamp as timestamp(6)) as refreshed_ts,
        {{ last.get('raw_count', 0) }} + new_count as raw_count,
        {{ last.get('accepted_count', 0) }} + accepted_count as accepted_count,
        {{ last.get('rejected_count', 0) }} + rejected_count as rejected_count,
        new_count,
        {{ not_older_than('newest_event_ts', last) }},
        {{ not_older_than('newest_arrival_ts', last) }},
        {{ not_older_than('newest_ingest_ts', last) }},
        lag_event_p50_s,
        lag_event_p95_s,
        lag_arrival_p50_s,
        lag_arrival_p95_s,
        {{ quoted(tojson(upto)) }} as counted_until
    from counted
)

select * from final
