-- One row per period, period_start_ts, area_level, area_code and (host) network.
{%- set keys = ['period', 'period_start_ts', 'area_level', 'area_code', 'network'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(period_start_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'kpis'],
) }}
{%- set work = refresh_following('int_network_events_5min', cells_per_event=12) %}

{{ refresh_header(work) }}
with

events as (
    select
        *,
        host_network as serving_network
    from {{ ref('int_network_events_5min') }}
    where {{ touched('bucket_ts', work, 'days') }}
),

cells as (
    {{ reporting_cells(
        'events', work, ['serving_network'],
        sums=['n', 'in_service_count', 'lost_count', 'off_count', 'unknown_count'],
        histograms=[],
        devices=['vote_device_hashes'],
    ) }}
),

counted as (
    select
        *,
        serving_network as network,
        cardinality(vote_device_hashes) as device_count,
        in_service_count + lost_count as vote_n
    from cells
),

judged as (
    select
        *,
        {{ confidence('vote_n', 'device_count') }} as confidence
    from counted
),

measured as (
    select
        {{ keys | join(', ') }},
        {{ local_date('period_start_ts') }} as period_date,
        n,
        device_count,
        {{ unless_suppressed('in_service_count') }} as in_service_count,
        {{ unless_suppressed('lost_count') }} as lost_count,
        {{ unless_suppressed('off_count') }} as off_count,
        {{ unless_suppressed('unknown_count') }} as unknown_count,
        vote_n,
        {{ unless_suppressed(share('lost_count', 'vote_n')) }} as lost_share,
        {{ unless_suppressed(wilson_low('lost_count', 'vote_n')) }} as lost_share_ci_low,
        {{ unless_suppressed(wilson_high('lost_count', 'vote_n')) }} as lost_share_ci_high,
        {{ unless_suppressed(share('in_service_count', 'vote_n')) }} as availability_share,
        confidence,
        newest_event_ts
    from judged
),

rebuilt as (
    select
        *,
        case
            when lost_share_ci_low is null then 'insufficient_data'
            when lost_share_ci_low > {{ var('loss_high_min_share') }} then 'high'
            when lost_share_ci_low > {{ var('loss_elevated_min_share') }} then 'elevated'
            else 'low'
        end as loss_level,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from measured
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched_period('period', 'period_start_ts', work)) }}
)

select * from final
