-- One row per period, period_start_ts, source and feed.
{%- set keys = ['period', 'period_start_ts', 'source', 'feed'] %}
{{ config(materialized='view') }}
with

arrivals as (
    select * from {{ ref('int_arrivals_5min') }}
    where {{ within_last_days('bucket_ts', var('data_quality_days')) }}
),

rejected_events as (
    select * from {{ ref('rejected_events') }}
    where {{ within_last_days('period_start_ts', var('data_quality_days')) }}
),

records as (
    select
        bucket_ts,
        source,
        feed,
        n + duplicate_count as accepted_count,
        bigint '0' as rejected_count,
        duplicate_count,
        late_count,
        conflicting_id_count
    from arrivals
    union all
    select
        period_start_ts as bucket_ts,
        source,
        feed,
        bigint '0' as accepted_count,
        n as rejected_count,
        bigint '0' as duplicate_count,
        bigint '0' as late_count,
        bigint '0' as conflicting_id_count
    from rejected_events
),

cells as (
    select
        p.period,
        p.period_start_ts,
        s.source,
        f.feed,
        r.source = 'stream' as is_stream,
        r.accepted_count,
        r.rejected_count,
        r.duplicate_count,
        r.late_count,
        r.conflicting_id_count
    from records as r
    cross join
        unnest(
            array['hour', 'day'],
            array[date_trunc('hour', r.bucket_ts), {{ local_day_start('r.bucket_ts') }}]
        ) as p (period, period_start_ts)
    cross join unnest(array['all', r.source]) as s (source)
    -- A feed may call itself anything.
    cross join unnest(array_distinct(array['all', r.feed])) as f (feed)
),

counted as (
    select
        {{ keys | join(', ') }},
        sum(accepted_count + rejected_count) as n,
        sum(accepted_count) as accepted_count,
        sum(rejected_count) as rejected_count,
        sum(duplicate_count) as duplicate_count,
        sum(accepted_count - duplicate_count) as event_n,
        coalesce(sum(if(is_stream, accepted_count - duplicate_count)), 0) as stream_event_n,
        sum(late_count) as late_count,
        sum(conflicting_id_count) as conflicting_id_count
    from cells
    group by {{ keys | join(', ') }}
),

final as (
    select
        period,
        cast(period_start_ts as timestamp(6)) as period_start_ts,
        source,
        feed,
        {{ local_date('period_start_ts') }} as period_date,
        n,
        accepted_count,
        rejected_count,
        {{ share_if_enough('rejected_count', 'n') }} as rejected_share,
        {{ share_if_enough('rejected_count', 'n', wilson_low) }} as rejected_share_ci_low,
        {{ share_if_enough('rejected_count', 'n', wilson_high) }} as rejected_share_ci_high,
        duplicate_count,
        {{ share_if_enough('duplicate_count', 'accepted_count') }} as duplicate_share,
        {{ share_if_enough('duplicate_count', 'accepted_count', wilson_low) }}
            as duplicate_share_ci_low,
        {{ share_if_enough('duplicate_count', 'accepted_count', wilson_high) }}
            as duplicate_share_ci_high,
        event_n,
        stream_event_n,
        late_count,
        {{ share_if_enough('late_count', 'stream_event_n') }} as late_share,
        {{ share_if_enough('late_count', 'stream_event_n', wilson_low) }} as late_share_ci_low,
        {{ share_if_enough('late_count', 'stream_event_n', wilson_high) }} as late_share_ci_high,
        conflicting_id_count,
        {{ confidence('n', var('confidence_min_devices')) }} as confidence
    from counted
)

select * from final
