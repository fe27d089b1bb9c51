-- One row per beat and model of the last 24 hours, and one of beat `all` and model `all`.
{{ config(materialized='view') }}
{%- set pace = 'date_diff(\'millisecond\', min(started_ts), max(started_ts)) / 1e3' %}
with

runs as (
    select * from {{ ref('refresh_runs') }}
    where {{ within_last_days('started_ts', 1) }}
),

by_model as (
    select
        beat,
        model,
        count(*) as run_count,
        count_if(not is_ok) as failed_count,
        approx_percentile(duration_s, 0.5) as duration_p50_s,
        approx_percentile(duration_s, 0.95) as duration_p95_s,
        max(duration_s) as duration_max_s,
        max(started_ts) as newest_started_ts,
        sum(changed_row_count) as changed_row_count,
        sum(statement_count) as statement_count,
        sum(scanned_bytes) as scanned_bytes,
        sum(billed_bytes) as billed_bytes,
        -- From the start of one run to that of the next.
        if(count(*) > 1, {{ pace }} / (count(*) - 1)) as period_s
    from runs
    group by beat, model
),

costs as (
    select
        *,
        billed_bytes / 1e12 * {{ var('athena_usd_per_tb') }} as cost_usd
    from by_model
),

priced as (
    select
        *,
        case
            -- What a start or an edit takes does not come again by itself.
            when beat in ('seed', 'first_build', 'edited') then null
            when run_count > 1 then cost_usd / run_count * 86400 / period_s
            when beat in ('reconcile', 'forget_old_days', 'optimize_all', 'vacuum') then cost_usd
        end as cost_usd_per_day
    from costs
),

of_all as (
    select
        'all' as beat,
        'all' as model,
        sum(run_count) as run_count,
        sum(failed_count) as failed_count,
        cast(null as double) as duration_p50_s,
        cast(null as double) as duration_p95_s,
        max(duration_max_s) as duration_max_s,
        max(newest_started_ts) as newest_started_ts,
        sum(changed_row_count) as changed_row_count,
        sum(statement_count) as statement_count,
        sum(scanned_bytes) as scanned_bytes,
        sum(billed_bytes) as billed_bytes,
        cast(null as double) as period_s,
        sum(cost_usd) as cost_usd,
        sum(cost_usd_per_day) as cost_usd_per_day
    from priced
    where model = 'all'
),

final as (
    select * from priced
    union all
    select * from of_all
    where run_count > 0
)

select
    beat,
    model,
    run_count,
    failed_count,
    duration_p50_s,
    duration_p95_s,
    duration_max_s,
    cast(newest_started_ts as timestamp(6)) as newest_started_ts,
    changed_row_count,
    statement_count,
    scanned_bytes,
    billed_bytes,
    period_s,
    cost_usd,
    cost_usd_per_day
from final
