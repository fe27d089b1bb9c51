-- One row per publication of a state change of outage_state_changes.
-- The refresh loop appends; dbt makes the table.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partitioned_by=['month(published_ts)'],
    full_refresh=false,
) }}
select
    cast(null as varchar) as change_id,
    cast(null as varchar) as message_id,
    cast(null as timestamp(6)) as published_ts
where false
