-- One row per area_level, area_code, (host) network and first_check_ts.
{%- set keys = ['area_level', 'area_code', 'network', 'first_check_ts'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=keys,
    partitioned_by=['month(first_check_ts)'],
    delete_condition='src.state is null',
    insert_condition='src.state is not null',
    post_hook='{{ save_refresh() }}',
    tags=['live', 'outages'],
) }}
{%- set work = incidents_work(refresh_following(
    'int_outage_votes_5min',
    through=['int_outage_votes_day', 'int_outage_baselines', 'outage_checks'],
    days_after=var('outage_baseline_days')
)) %}
{%- set cell = 'area_level, area_code, network' %}
{%- set in_order = '(partition by ' ~ cell ~ ' order by check_ts rows between ' %}
{%- set last_three = in_order ~ '2 preceding and current row)' %}
{%- set before = in_order ~ 'unbounded preceding and 1 preceding)' %}
{%- set until_now = in_order ~ 'unbounded preceding and current row)' %}

{{ refresh_header(work) }}
with

-- What speaks for an outage, and what speaks against it: the rest says nothing.
checks as (
    select
        *,
        {{ is_bad_verdict('verdict') }} as is_bad
    from {{ ref('outage_checks') }}
    where
        {{ touched('check_ts', work, 'days_and_before') }}
        and ({{ is_bad_verdict('verdict') }} or vote_n >= {{ var('outage_recovery_min_votes') }})
),

pooled as (
    select
        *,
        count_if(is_bad) over {{ last_three }} as pooled_bad_checks,
        count(*) over {{ last_three }} as pooled_checks,
        sum(bad_n) over {{ last_three }} as pooled_bad_n,
        sum(vote_n) over {{ last_three }} as pooled_vote_n
    from checks
),

recovering as (
    select
        *,
        pooled_checks = 3
        and pooled_bad_checks = 0
        and {{ wilson_high('pooled_bad_n', 'pooled_vote_n') }}
        < {{ var('outage_recovery_max_share') }} as is_recovered
    from pooled
),

behind as (
    select
        *,
        max(if(is_bad, check_ts)) over {{ before }} as bad_before_ts,
        max(if(is_recovered, check_ts)) over {{ before }} as recovered_before_ts
    from recovering
),

begun as (
    select
        *,
        is_bad and (
            bad_before_ts is null
            or bad_before_ts < check_ts - interval '{{ var("outage_quiet_hours") }}' hour
            or coalesce(recovered_before_ts > bad_before_ts, false)
        ) as is_first
    from behind
),

numbered as (
    select
        *,
        count_if(is_first) over {{ until_now }} as number
    from begun
),

incidents as (
    select
        {{ cell }},
        number,
        min(if(is_bad, check_ts)) as first_check_ts,
        max(if(is_bad, check_ts)) as last_bad_check_ts,
        min(if(is_recovered, check_ts)) as recovered_check_ts,
        max(check_ts) as last_check_ts,
        max_by(is_bad, check_ts) as is_bad_at_last,
        max_by(verdict, check_ts) as last_verdict,
        case
            when bool_or(verdict = 'CONFIRMED') then 'CONFIRMED'
            when bool_or(verdict = 'SUSPECTED') then 'SUSPECTED'
            else 'DEGRADED'
        end as worst_verdict,
        array_join(array_sort(array_agg(distinct evidence) filter (where is_bad)), ', ')
            as evidence,
        min(evidence_since_ts) as start_ts,
        min(if(verdict = 'CONFIRMED', check_ts)) as confirmed_check_ts,
        count_if(is_bad) as bad_check_n,
        max({{ peak_of_check() }}) filter (where is_bad) as peak
    from numbered
    where number > 0
    group by 1, 2, 3, 4
),

-- An id that was published belongs to the incident that its first check lies in, or less than an
-- hour before: the first check of an incident can turn good by votes that come later.
claimed as (
    select
        *,
        greatest(
            first_check_ts - interval '1' hour,
            coalesce(
                lag(last_bad_check_ts) over (partition by {{ cell }} order by first_check_ts)
                + interval '5' minute,
                first_check_ts - interval '1' hour
            )
        ) as claims_from_ts
    from incidents
),

published as (
    {{ published_incidents(work) }}
),

published_ids as (
    select
        {{ cell }},
        array_sort(array_agg({{ published_id() }})) as ids
    from published
    group by 1, 2, 3
),

known as (
    {{ known_incidents(work) }}
),

told as (
    select
        i.*,
        coalesce(
            element_at(
                filter(
                    p.ids,
                    e -> e.first_check_ts >= i.claims_from_ts
                    and e.first_check_ts <= i.last_bad_check_ts
                ),
                1
            ).incident_id,
            {{ incident_key('i.area_level', 'i.area_code', 'i.network', 'i.first_check_ts') }}
        ) as incident_id,
        timestamp '{{ work.newest_check }}' as newest_check_ts
    from claimed as i
    left join published_ids as p
        on
            i.area_level = p.area_level
            and i.area_code = p.area_code
            and i.network = p.network
),

closed as (
    select
        *,
        recovered_check_ts is not null
        or last_bad_check_ts < newest_check_ts - interval '{{ var("outage_quiet_hours") }}' hour
            as is_closed
    from told
),

stated as (
    select
        *,
        case
            when recovered_check_ts is not null then 'OK'
            when is_closed then 'INSUFFICIENT_DATA'
            when last_check_ts < newest_check_ts - interval '30' minute then 'INSUFFICIENT_DATA'
            when is_bad_at_last then last_verdict
            else 'RECOVERING'
        end as state
    from closed
),

rebuilt as (
    select
        s.area_level,
        s.area_code,
        s.network,
        s.first_check_ts,
        s.incident_id,
        s.state,
        s.is_closed,
        s.worst_verdict,
        s.evidence,
        s.start_ts,
        s.confirmed_check_ts,
        s.last_bad_check_ts,
        s.recovered_check_ts,
        if(s.is_closed or not s.is_bad_at_last, s.last_bad_check_ts + interval '5' minute)
            as end_ts,
        date_diff('minute', s.start_ts, s.last_bad_check_ts) + 5 as duration_minutes,
        s.bad_check_n,
        s.peak[1] as peak_bad_share,
        s.peak[2] as peak_vote_n,
        s.peak[3] as peak_bad_n,
        s.peak[4] as peak_check_ts,
        s.peak[5] as baseline_share,
        cast(current_timestamp as timestamp(6)) as refreshed_ts
    from stated as s
    left join known as k
        on
            s.area_level = k.area_level
            and s.area_code = k.area_code
            and s.network = k.network
            and s.first_check_ts = k.first_check_ts
    where k.network is not null or {{ near_touched(work, 's.') }}
),

final as (
    {{ rebuilt_or_vanished('rebuilt', keys, 'true', 'known') }}
)

select * from final
