-- One row per period_start_ts (local day), area_code and host_network.
{%- set keys = ['period_start_ts', 'area_code', 'host_network'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(period_start_ts)'],
    delete_condition='src.n = 0',
    insert_condition='src.n > 0',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'outages'],
) }}
{%- set work = refresh_following(
    'int_outage_votes_5min', cells_per_event=1, slice_rows=500000
) %}

{{ refresh_header(work) }}
with

hours as (
    select
        {{ local_day_start('bucket_ts') }} as period_start_ts,
        area_code,
        host_network,
        province_code,
        hour({{ local_ts('bucket_ts') }}) as hour_of_day,
        sum(n) as n,
        sum(timely_vote_n) as vote_n,
        sum(timely_bad_n) as bad_n,
        max(newest_event_ts) as newest_event_ts
    from {{ ref('int_outage_votes_5min') }}
    where {{ touched('bucket_ts', work, 'days') }}
    group by 1, 2, 3, 4, 5
),

rebuilt as (
    select
        period_start_ts,
        area_code,
        host_network,
        province_code,
        sum(n) as n,
        sum(vote_n) as vote_n,
        sum(bad_n) as bad_n,
        map_agg(cast(hour_of_day as integer), vote_n) as votes_by_hour,
        max(newest_event_ts) as newest_event_ts
    from hours
    group by 1, 2, 3, 4
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('period_start_ts', work, 'days')) }}
)

select * from final
