-- One row per operator that the marts name.
{{ config(materialized='view', tags=['dims']) }}
with

brands as (
    select * from {{ ref('brands') }}
),

seen as (
    select operator from {{ ref('gps_accuracy') }}
    where period = 'day' and area_level = 'all'
    union
    select brand as operator from brands
),

final as (
    select
        s.operator,
        coalesce(
            b.brand_name,
            case s.operator
                when 'all' then 'All operators'
                when 'unknown' then 'Unknown'
                when 'no service' then 'No service'
            end,
            s.operator
        ) as operator_name,
        coalesce(b.host_network, s.operator) as host_network,
        coalesce(b.is_mvno, false) as is_mvno,
        b.brand is not null as is_known_brand
    from seen as s
    left join brands as b on s.operator = b.brand
)

select * from final
