-- One row per period_start_ts (local day), area_level, area_code and host_network.
{%- set keys = ['period_start_ts', 'area_level', 'area_code', 'host_network'] %}
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
    'int_outage_votes_5min', slice_rows=1000000, through=['int_outage_votes_day'],
    days_after=var('outage_baseline_days'), of_own_day=false,
    minutes_before=(var('outage_baseline_days') | int + 1) * 1440
) %}
{%- set of_network = '(partition by period_start_ts, host_network)' %}
{%- set of_province = '(partition by period_start_ts, province_code, host_network)' %}

{{ refresh_header(work) }}
with

history as (
    select
        *,
        {{ local_date('period_start_ts') }} as local_date
    from {{ ref('int_outage_votes_day') }}
    where {{ touched('period_start_ts', work, 'days_and_before') }}
),

measured_days as (
    select distinct
        period_start_ts,
        local_date
    from history
),

-- How many of the days before had any votes, and how many of them were the same day of the week.
judged_days as (
    select
        j.period_start_ts,
        j.local_date,
        count(*) as days,
        count_if(date_diff('day', b.local_date, j.local_date) % 7 = 0) as same_weekdays
    from measured_days as j
    inner join measured_days as b
        on {{ is_in_baseline_of('b.local_date', 'j.local_date') }}
    where {{ touched('j.period_start_ts', work, 'days') }}
    group by 1, 2
),

alike as (
    select
        *,
        same_weekdays >= 2 as is_by_weekday,
        if(same_weekdays >= 2, same_weekdays, days) as alike_days
    from judged_days
),

before as (
    select
        j.period_start_ts,
        j.alike_days,
        h.area_code,
        h.province_code,
        h.host_network,
        h.vote_n,
        h.bad_n,
        h.votes_by_hour,
        not j.is_by_weekday or date_diff('day', h.local_date, j.local_date) % 7 = 0 as is_alike
    from alike as j
    inner join history as h
        on {{ is_in_baseline_of('h.local_date', 'j.local_date') }}
),

cells as (
    select
        period_start_ts,
        area_code,
        province_code,
        host_network,
        max(alike_days) as alike_days,
        sum(vote_n) as n,
        sum(bad_n) as bad_n,
        array_agg(votes_by_hour) filter (where is_alike) as alike_votes_by_hour
    from before
    group by 1, 2, 3, 4
),

province_hour_sums as (
    select
        b.period_start_ts,
        b.province_code,
        b.host_network,
        v.hour_of_day,
        sum(v.vote_n) / cast(max(b.alike_days) as double) as mean_votes
    from before as b
    cross join unnest(b.votes_by_hour) as v (hour_of_day, vote_n)
    where b.is_alike
    group by 1, 2, 3, 4
),

province_hours as (
    select
        period_start_ts,
        province_code,
        host_network,
        map_agg(hour_of_day, mean_votes) as mean_votes_by_hour
    from province_hour_sums
    group by 1, 2, 3
),

-- Windows, not joins: a second reading of the cells would compute them again.
networks as (
    select
        *,
        sum(n) over {{ of_network }} as network_n,
        sum(bad_n) over {{ of_network }} as network_bad_n,
        {{ shrunk_share(
            'sum(bad_n) over ' ~ of_network, 'sum(n) over ' ~ of_network,
            var('outage_baseline_default_share')
        ) }} as network_bad_share
    from cells
),

provinces as (
    select
        *,
        sum(n) over {{ of_province }} as province_n,
        sum(bad_n) over {{ of_province }} as province_bad_n,
        {{ shrunk_share(
            'sum(bad_n) over ' ~ of_province, 'sum(n) over ' ~ of_province, 'network_bad_share'
        ) }} as province_bad_share
    from networks
),

areas as (
    select
        p.*,
        {{ shrunk_share('p.bad_n', 'p.n', 'p.province_bad_share') }} as bad_share,
        if(
            p.n >= {{ var('outage_expected_min_votes') }},
            {{ expected_votes_by_hour(
                'p.alike_votes_by_hour', 'p.alike_days', '(1E0 * p.n / p.province_n)',
                'province.mean_votes_by_hour'
            ) }}
        ) as expected_votes_by_hour
    from provinces as p
    left join province_hours as province
        on
            p.period_start_ts = province.period_start_ts
            and p.province_code = province.province_code
            and p.host_network = province.host_network
),

levels as (
    select
        a.period_start_ts,
        l.area_level,
        l.area_code,
        a.host_network,
        if(l.area_level = 'all', null, a.province_code) as province_code,
        max(l.n) as n,
        max(l.bad_n) as bad_n,
        max(l.bad_share) as bad_share,
        max(a.alike_days) as alike_days,
        arbitrary(if(l.area_level = 'municipality', a.expected_votes_by_hour))
            as expected_votes_by_hour
    from areas as a
    cross join
        unnest(
            array['municipality', 'province', 'all'],
            array[a.area_code, a.province_code, 'all'],
            array[a.n, a.province_n, a.network_n],
            array[a.bad_n, a.province_bad_n, a.network_bad_n],
            array[a.bad_share, a.province_bad_share, a.network_bad_share]
        ) as l (area_level, area_code, n, bad_n, bad_share)
    group by 1, 2, 3, 4, 5
),

rebuilt as (
    select
        period_start_ts,
        area_level,
        area_code,
        host_network,
        province_code,
        n,
        bad_n,
        round(least(bad_share, {{ var('outage_baseline_max_share') }}), 6) as bad_share,
        alike_days as median_of_days,
        expected_votes_by_hour
    from levels
    where n > 0
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('period_start_ts', work, 'days')) }}
)

select * from final
