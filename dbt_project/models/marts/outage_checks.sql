-- One row per check_ts (5 minutes), area_level, area_code and (host) network.
{%- set keys = ['check_ts', 'area_level', 'area_code', 'network'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['day(check_ts)'],
    delete_condition='src.verdict is null',
    insert_condition='src.verdict is not null',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'outages'],
) }}
{%- set work = refresh_following(
    'int_outage_votes_5min', slice_rows=250000,
    through=['int_outage_votes_day', 'int_outage_baselines'],
    days_after=var('outage_baseline_days'), minutes_before=120
) %}
{#- Votes of the evening before are weighed by baselines of their own day, of 23 to 25 hours. #}
{%- for slice in work.slices -%}
    {%- do slice.update({'days_and_day_before': with_minutes_before(slice.days, 1500)}) -%}
{%- endfor %}

{{ refresh_header(work) }}
with

votes as (
    select
        *,
        host_network as network,
        {{ granule('bucket_ts', 5) }} as granule
    from {{ ref('int_outage_votes_5min') }}
    where
        {{ touched('bucket_ts', work, 'days_and_before') }}
        and vote_n > 0
        and area_code != 'unknown'
        and host_network != 'unknown'
),

baselines as (
    select
        *,
        host_network as network
    from {{ ref('int_outage_baselines') }}
    where {{ touched('period_start_ts', work, 'days_and_day_before') }}
),

-- When anything came at all: nothing can be said of a time of which nothing is known.
alive as (
    select distinct
        bucket_ts,
        granule,
        {{ local_day_start('bucket_ts') }} as period_start_ts,
        hour({{ local_ts('bucket_ts') }}) as hour_of_day
    from votes
),

devices as (
    select
        v.area_code,
        v.network,
        v.granule,
        d.device_key,
        coalesce(contains(v.bad_hashes, d.device_key), false) as is_bad
    from votes as v
    cross join unnest(v.voter_hashes) as d (device_key)
),

-- A phone that says the same again within the hour adds nothing: a stuck one can't cry for many.
told as (
    select
        *,
        granule - lag(granule) over (
            partition by area_code, network, device_key, is_bad
            order by granule
        ) as since_told
    from devices
),

news as (
    select
        area_code,
        network,
        granule,
        count_if(is_bad) as new_bad_n,
        count_if(not is_bad) as new_good_n
    from told
    where coalesce(since_told > {{ score_buckets() }}, true)
    group by 1, 2, 3
),

areas as (
    select
        v.area_code,
        v.province_code,
        v.network,
        v.bucket_ts,
        v.granule,
        v.vote_n,
        v.bad_n,
        v.late_bad_n,
        slice(v.voter_hashes, 1, {{ var('device_hashes_kept') }}) as voter_hashes,
        slice(v.bad_hashes, 1, {{ var('device_hashes_kept') }}) as bad_hashes,
        coalesce(n.new_bad_n, 0) as new_bad_n,
        coalesce(n.new_good_n, 0) as new_good_n,
        v.newest_event_ts,
        {{ fewer_votes_than_needed('v.vote_n', 'v.area_code, v.network', 'v.granule') }}
            as is_sparse
    from votes as v
    left join news as n
        on
            v.area_code = n.area_code
            and v.network = n.network
            and v.granule = n.granule
),

-- Of all areas of the province that are sparse together.
provinces as (
    select
        *,
        {{ fewer_votes_than_needed(
            'if(is_sparse, vote_n, 0)', 'province_code, network', 'granule'
        ) }} as is_sparse_province
    from areas
),

-- What can be judged by itself doesn't count again: a province is what is left of it.
cells as (
    select
        l.area_level,
        l.area_code,
        if(l.area_level = 'all', null, p.province_code) as province_code,
        p.network,
        p.granule,
        {{ local_day_start('max(p.bucket_ts)') }} as period_start_ts,
        sum(p.vote_n) as vote_n,
        sum(p.bad_n) as bad_n,
        sum(p.late_bad_n) as late_bad_n,
        {{ merged_device_hashes('p.voter_hashes') }} as voter_hashes,
        {{ merged_device_hashes('p.bad_hashes') }} as bad_hashes,
        sum(p.new_bad_n) as new_bad_n,
        sum(p.new_good_n) as new_good_n,
        max(p.newest_event_ts) as newest_event_ts
    from provinces as p
    cross join {{ levels_that_count('p') }} as l (area_level, area_code, is_counted)
    where l.is_counted
    group by 1, 2, 3, 4, 5
),

-- The baseline of the cell, or of what it is a part of where it is new.
usual as (
    select
        c.*,
        coalesce(
            own.bad_share, province.bad_share, everywhere.bad_share,
            {{ var('outage_baseline_default_share') }}
        ) as baseline_share
    from cells as c
    left join baselines as own
        on
            c.period_start_ts = own.period_start_ts
            and c.area_level = own.area_level
            and c.area_code = own.area_code
            and c.network = own.network
    left join baselines as province
        on
            c.period_start_ts = province.period_start_ts
            and province.area_level = 'province'
            and c.province_code = province.area_code
            and c.network = province.network
    left join baselines as everywhere
        on
            c.period_start_ts = everywhere.period_start_ts
            and everywhere.area_level = 'all'
            and c.network = everywhere.network
),

-- Hours of an area in which silence can be told of any of its networks. Elsewhere no votes are
-- expected: a quiet town would be checked every 5 minutes to say nothing.
missable as (
    select distinct
        b.period_start_ts,
        b.area_code,
        h.hour_of_day
    from baselines as b
    cross join unnest(sequence(0, 23)) as h (hour_of_day)
    where
        {{ expected_in_window('b.expected_votes_by_hour', 'h.hour_of_day') }}
        >= {{ var('outage_silence_min_expected') }}
),

-- A bucket's votes stand in the window of three checks.
seen as (
    select
        u.area_level,
        u.area_code,
        u.network,
        u.granule + w.buckets_later as granule,
        w.buckets_later,
        u.vote_n,
        u.bad_n,
        u.late_bad_n,
        u.voter_hashes,
        u.bad_hashes,
        if(u.bad_n > 0, u.granule) as bad_granule,
        u.baseline_share,
        if(w.buckets_later = 0, u.vote_n, 0) as bucket_vote_n,
        if(w.buckets_later = 0, u.new_bad_n, 0) as new_bad_n,
        if(
            w.buckets_later = 0,
            u.new_bad_n * {{ weight_of_bad('u.baseline_share') }}
            + u.new_good_n * {{ weight_of_good('u.baseline_share') }},
            0
        ) as evidence_m,
        null as expected_vote_n,
        null as expected_1h_before_n,
        null as expected_2h_before_n,
        u.newest_event_ts
    from usual as u
    cross join unnest(sequence(0, {{ buckets_before_window() }})) as w (buckets_later)
    union all
    -- Where votes can be missed.
    select
        b.area_level,
        b.area_code,
        b.network,
        a.granule,
        0 as buckets_later,
        0 as vote_n,
        0 as bad_n,
        0 as late_bad_n,
        null as voter_hashes,
        null as bad_hashes,
        null as bad_granule,
        null as baseline_share,
        0 as bucket_vote_n,
        0 as new_bad_n,
        0 as evidence_m,
        {{ expected_in_window('b.expected_votes_by_hour', 'a.hour_of_day') }} as expected_vote_n,
        {{ expected_in_window('b.expected_votes_by_hour', '(a.hour_of_day + 23) % 24') }}
            as expected_1h_before_n,
        {{ expected_in_window('b.expected_votes_by_hour', '(a.hour_of_day + 22) % 24') }}
            as expected_2h_before_n,
        null as newest_event_ts
    from baselines as b
    inner join missable as m
        on b.period_start_ts = m.period_start_ts and b.area_code = m.area_code
    inner join alive as a
        on m.period_start_ts = a.period_start_ts and m.hour_of_day = a.hour_of_day
    where
        b.expected_votes_by_hour is not null
        and b.area_code != 'unknown'
        and b.network != 'unknown'
),

windows as (
    select
        s.area_level,
        s.area_code,
        s.network,
        s.granule,
        a.bucket_ts as check_ts,
        sum(s.vote_n) as vote_n,
        sum(s.bad_n) as bad_n,
        sum(s.late_bad_n) as late_bad_n,
        count(s.bad_granule) as bad_bucket_n,
        {{ merged_device_count('s.voter_hashes') }} as device_count,
        {{ merged_device_count('s.bad_hashes') }} as bad_device_n,
        min(s.bad_granule) as bad_since_granule,
        min_by(s.baseline_share, s.buckets_later) filter (where s.baseline_share is not null)
            as baseline_share,
        sum(s.bucket_vote_n) as bucket_vote_n,
        sum(s.new_bad_n) as new_bad_n,
        sum(s.evidence_m) as evidence_m,
        max(s.expected_vote_n) as expected_vote_n,
        max(s.expected_1h_before_n) as expected_1h_before_n,
        max(s.expected_2h_before_n) as expected_2h_before_n,
        max(s.newest_event_ts) as newest_event_ts
    from seen as s
    inner join alive as a on s.granule = a.granule
    group by 1, 2, 3, 4, 5
),

summed as (
    select
        *,
        sum(evidence_m) over (
            partition by area_level, area_code, network
            order by granule
            rows between unbounded preceding and current row
        ) as evidence_until_m
    from windows
),

-- The strongest evidence of all the stretches of the last hour that end now.
scored as (
    select
        *,
        sum(bucket_vote_n) over {{ last_hour() }} as hour_vote_n,
        sum(new_bad_n) over {{ last_hour() }} as hour_bad_device_n,
        granule - coalesce(
            max(if(bucket_vote_n > 0, granule)) over {{ last_two_hours() }},
            granule - {{ silence_buckets() }}
        ) as quiet_buckets,
        (
            evidence_until_m - min(evidence_until_m - evidence_m) over {{ last_hour() }}
        ) / 1E3 as score
    from summed
),

-- The other networks of the area, of what is left where votes are expected.
compared as (
    select
        *,
        sum(if(expected_vote_n is not null, vote_n)) over (
            partition by area_level, area_code, granule
        ) - vote_n as others_vote_n,
        round(
            sum(expected_vote_n) over (partition by area_level, area_code, granule)
            - expected_vote_n,
            3
        ) as others_expected_vote_n
    from scored
    where vote_n >= {{ var('outage_check_min_votes') }} or expected_vote_n is not null
),

joined as (
    select
        check_ts,
        area_level,
        area_code,
        network,
        vote_n,
        bad_n,
        late_bad_n,
        bad_bucket_n,
        device_count,
        bad_device_n,
        hour_vote_n,
        hour_bad_device_n,
        score,
        baseline_share,
        expected_vote_n,
        if(expected_vote_n is not null, others_vote_n) as others_vote_n,
        others_expected_vote_n,
        {{ missed_votes('quiet_buckets', 'granule % 12 + 1') }} as missed_vote_n,
        quiet_buckets,
        bad_since_granule,
        newest_event_ts
    from compared
    where
        vote_n >= {{ var('outage_check_min_votes') }}
        or expected_vote_n >= {{ var('outage_silence_min_expected') }}
),

measured as (
    select
        *,
        {{ share('bad_n', 'vote_n') }} as bad_share,
        {{ wilson_low('bad_n', 'vote_n') }} as bad_share_ci_low,
        {{ wilson_high('bad_n', 'vote_n') }} as bad_share_ci_high,
        {{ confirmed_threshold('baseline_share') }} as threshold_share,
        {{ degraded_threshold('baseline_share') }} as degraded_threshold_share,
        {{ confidence('vote_n', 'device_count') }} as confidence
    from joined
    where {{ touched('check_ts', work, 'days') }}
),

judged as (
    select
        *,
        {{ outage_verdict() }} as verdict
    from measured
),

rebuilt as (
    select
        {{ keys | join(', ') }},
        verdict,
        case
            when verdict = 'SUSPECTED' then 'silence'
            when not {{ is_bad_verdict('verdict') }} then 'none'
            when 2 * late_bad_n > bad_n then 'late'
            else 'explicit'
        end as evidence,
        vote_n,
        bad_n,
        late_bad_n,
        bad_share,
        bad_share_ci_low,
        bad_share_ci_high,
        bad_bucket_n,
        device_count,
        bad_device_n,
        hour_vote_n,
        hour_bad_device_n,
        score,
        baseline_share,
        threshold_share,
        degraded_threshold_share,
        expected_vote_n,
        others_vote_n,
        others_expected_vote_n,
        missed_vote_n,
        case
            when verdict = 'SUSPECTED'
                then check_ts - interval '5' minute * (quiet_buckets - 1)
            when {{ is_bad_verdict('verdict') }}
                then cast(from_unixtime(bad_since_granule * 300, 'UTC') as timestamp(6))
        end as evidence_since_ts,
        confidence,
        newest_event_ts,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from judged
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, touched('check_ts', work, 'days')) }}
)

select * from final
