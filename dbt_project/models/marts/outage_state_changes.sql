-- One row per change of an incident's state, as it was said at that time; never rebuilt.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['change_id'],
    partitioned_by=['day(detected_ts)'],
    update_condition='false',
    full_refresh=false,
    tags=['live', 'outages'],
) }}
{%- set work = changes_work() %}

{{ refresh_header(work) }}
with

incidents as (
    select * from {{ ref('outage_incidents') }}
    where first_check_ts >= timestamp '{{ work.since_ts }}' - interval '7' day
),

log as (
    {{ said_before(work.since_ts) }}
),

numbered as (
    select
        *,
        row_number() over (
            partition by incident_id
            order by change_number desc, change_id desc
        ) as age
    from log
),

last_said as (
    select * from numbered
    where age = 1
),

news as (
    select
        i.incident_id,
        i.area_level,
        i.area_code,
        i.network,
        i.first_check_ts,
        coalesce(l.change_number, 0) + 1 as change_number,
        l.state_after as state_before,
        i.state as state_after,
        false as is_withdrawn,
        i.is_closed,
        i.worst_verdict,
        i.evidence,
        i.start_ts,
        i.end_ts,
        i.last_bad_check_ts,
        i.bad_check_n,
        i.peak_bad_share,
        i.peak_vote_n,
        i.peak_bad_n,
        i.baseline_share
    from incidents as i
    left join last_said as l on i.incident_id = l.incident_id
    where
        i.first_check_ts >= timestamp '{{ work.since_ts }}'
        and (
            l.incident_id is null
            or i.state != l.state_after
            or i.is_closed != l.is_closed
        )
),

-- Votes that came later took the incident back, or it became a part of another one.
withdrawn as (
    select
        l.incident_id,
        l.area_level,
        l.area_code,
        l.network,
        l.first_check_ts,
        l.change_number + 1 as change_number,
        l.state_after as state_before,
        'OK' as state_after,
        true as is_withdrawn,
        true as is_closed,
        l.worst_verdict,
        l.evidence,
        l.start_ts,
        l.end_ts,
        l.last_bad_check_ts,
        l.bad_check_n,
        l.peak_bad_share,
        l.peak_vote_n,
        l.peak_bad_n,
        l.baseline_share
    from last_said as l
    left join incidents as i on l.incident_id = i.incident_id
    where
        l.first_check_ts >= timestamp '{{ work.since_ts }}'
        and i.incident_id is null
        and not l.is_withdrawn
),

changes as (
    select * from news
    union all
    select * from withdrawn
),

final as (
    select
        substr(to_hex(md5(to_utf8(
            incident_id || ' ' || cast(change_number as varchar) || ' ' || state_after
        ))), 1, 16) as change_id,
        *,
        cast(current_timestamp as timestamp(6)) as detected_ts
    from changes
)

select * from final
