-- One row per run of the refresh loop and model, and one for model `all` of it.
-- The refresh loop appends; dbt makes the table.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partitioned_by=['day(started_ts)'],
    full_refresh=false,
) }}
select
    cast(null as varchar) as run_id,
    cast(null as varchar) as beat,
    cast(null as varchar) as model,
    cast(null as timestamp(6)) as started_ts,
    cast(null as double) as duration_s,
    cast(null as boolean) as is_ok,
    cast(null as bigint) as changed_row_count,
    cast(null as bigint) as statement_count,
    cast(null as bigint) as scanned_bytes,
    cast(null as bigint) as billed_bytes
where false
