-- One row per period, period_start_ts, area_level, area_code and (host) network.
{%- set cell = ['area_level', 'area_code', 'network'] %}
{{ config(materialized='view') }}
with

days as (
    select * from {{ ref('outage_minutes') }}
    where {{ within_last_days('period_start_ts', var('outage_history_days')) }}
),

incidents as (
    select
        *,
        {{ local_day_start('first_check_ts') }} as period_start_ts
    from {{ ref('outage_incidents') }}
    where {{ within_last_days('first_check_ts', var('outage_history_days')) }}
),

said as (
    select
        incident_id,
        min(detected_ts) as detected_ts
    from {{ ref('outage_state_changes') }}
    where
        {{ within_last_days('detected_ts', var('outage_history_days')) }}
        and state_after = 'CONFIRMED'
    group by 1
),

-- Nobody waited for what was said more than a day after it began: a file was loaded.
timed as (
    select
        i.*,
        date_diff('minute', i.start_ts, i.confirmed_check_ts) + 5 as confirm_minutes,
        if(
            s.detected_ts <= i.start_ts + interval '1' day,
            date_diff('second', i.start_ts, s.detected_ts) / 60E0
        ) as detect_minutes,
        if(
            i.worst_verdict = 'CONFIRMED' and i.recovered_check_ts is not null, i.duration_minutes
        ) as recover_minutes
    from incidents as i
    left join said as s on i.incident_id = s.incident_id
),

begun as (
    select
        t.period_start_ts,
        l.area_level,
        l.area_code,
        n.network,
        count(*) as incident_n,
        count(t.confirm_minutes) as confirmed_n,
        sum(t.confirm_minutes) as confirm_minutes,
        count(t.detect_minutes) as detected_n,
        sum(t.detect_minutes) as detect_minutes,
        count(t.recover_minutes) as recovered_n,
        sum(t.recover_minutes) as recover_minutes
    from timed as t
    cross join {{ levels_that_hold('t') }} as l (area_level, area_code, is_held)
    cross join unnest(array['all', t.network]) as n (network)
    where l.is_held
    group by 1, 2, 3, 4
),

periods as (
    select
        p.period,
        p.period_start_ts,
        d.area_level,
        d.area_code,
        d.network,
        d.check_n,
        d.judged_minutes,
        d.outage_minutes,
        d.degraded_minutes,
        d.suspected_minutes,
        b.incident_n,
        b.confirmed_n,
        b.confirm_minutes,
        b.detected_n,
        b.detect_minutes,
        b.recovered_n,
        b.recover_minutes
    from days as d
    left join begun as b
        on
            d.period_start_ts = b.period_start_ts
            and d.area_level = b.area_level
            and d.area_code = b.area_code
            and d.network = b.network
    cross join
        unnest(
            array['day', '30_days'], array[d.period_start_ts, {{ local_day_start_before(29) }}]
        ) as p (period, period_start_ts)
    where d.period_start_ts >= p.period_start_ts
),

summed as (
    select
        period,
        period_start_ts,
        {{ cell | join(', ') }},
        sum(check_n) as check_n,
        sum(judged_minutes) as judged_minutes,
        sum(outage_minutes) as outage_minutes,
        sum(degraded_minutes) as degraded_minutes,
        sum(suspected_minutes) as suspected_minutes,
        coalesce(sum(incident_n), 0) as incident_n,
        coalesce(sum(confirmed_n), 0) as confirmed_n,
        coalesce(sum(confirm_minutes), 0) as confirm_minutes,
        coalesce(sum(detected_n), 0) as detected_n,
        coalesce(sum(detect_minutes), 0) as detect_minutes,
        coalesce(sum(recovered_n), 0) as recovered_n,
        coalesce(sum(recover_minutes), 0) as recover_minutes
    from periods
    group by 1, 2, 3, 4, 5
),

measured as (
    select
        *,
        if(
            judged_minutes >= if(period = 'day', 1, 7) * {{ var('outage_history_min_minutes') }},
            1 - {{ share('outage_minutes', 'judged_minutes') }}
        ) as availability_share
    from summed
),

final as (
    select
        period,
        period_start_ts,
        {{ cell | join(', ') }},
        {{ local_date('period_start_ts') }} as period_date,
        case
            when
                outage_minutes > 0
                and coalesce(availability_share, 0) < 1 - {{ var('outage_minor_max_share') }}
                then 'outage'
            when outage_minutes > 0 then 'minor_outage'
            when degraded_minutes + suspected_minutes > 0 then 'degraded'
            when availability_share is null then 'insufficient_data'
            else 'no_outage'
        end as availability_level,
        availability_share,
        check_n,
        judged_minutes,
        outage_minutes,
        degraded_minutes,
        suspected_minutes,
        incident_n,
        confirmed_n,
        {{ share('confirm_minutes', 'confirmed_n') }} as confirm_mean_minutes,
        detected_n,
        {{ share('detect_minutes', 'detected_n') }} as detect_mean_minutes,
        recovered_n,
        {{ share('recover_minutes', 'recovered_n') }} as recover_mean_minutes
    from measured
)

select * from final
