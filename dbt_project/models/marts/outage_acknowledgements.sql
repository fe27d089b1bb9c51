-- One row per acknowledgement of an incident by an analyst.
-- The dashboard appends; dbt makes the table.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partitioned_by=['month(acknowledged_ts)'],
    full_refresh=false,
) }}
select
    cast(null as varchar) as acknowledgement_id,
    cast(null as varchar) as incident_id,
    cast(null as varchar) as acknowledged_by,
    cast(null as varchar) as note,
    cast(null as timestamp(6)) as acknowledged_ts
where false
