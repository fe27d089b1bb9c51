-- One row per period_start_ts (local day), area_level, area_code and (host) network.
{%- set keys = ['period_start_ts', 'area_level', 'area_code', 'network'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(period_start_ts)'],
    delete_condition='src.check_n is null',
    insert_condition='src.check_n is not null',
    post_hook='{{ save_refresh() }}',
    tags=['late'],
) }}
{%- set work = refresh_following(
    'int_outage_votes_5min', slice_rows=250000,
    through=['int_outage_votes_day', 'int_outage_baselines', 'outage_checks'],
    days_after=var('outage_baseline_days')
) %}

{{ refresh_header(work) }}
with

checks as (
    select
        *,
        {{ local_day_start('check_ts') }} as period_start_ts
    from {{ ref('outage_checks') }}
    where {{ touched('check_ts', work, 'days') }}
),

rebuilt as (
    select
        c.period_start_ts,
        l.area_level,
        l.area_code,
        n.network,
        {{ local_date('c.period_start_ts') }} as period_date,
        count(*) as check_n,
        {{ minutes_of_checks("c.verdict != 'INSUFFICIENT_DATA'") }} as judged_minutes,
        {{ minutes_of_checks("c.verdict = 'CONFIRMED'") }} as outage_minutes,
        {{ minutes_of_checks("c.verdict = 'DEGRADED'") }} as degraded_minutes,
        {{ minutes_of_checks("c.verdict = 'SUSPECTED'") }} as suspected_minutes,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from checks as c
    cross join {{ levels_that_hold('c') }} as l (area_level, area_code, is_held)
    cross join unnest(array['all', c.network]) as n (network)
    where l.is_held
    group by 1, 2, 3, 4
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('period_start_ts', work, 'days')) }}
)

select * from final
