-- One row per network that the marts name.
{{ config(materialized='view', tags=['dims']) }}
with

brands as (
    select * from {{ ref('brands') }}
),

seen as (
    select network from {{ ref('signal_trends') }}
    where period = 'day' and area_level = 'all'
    union
    select network from {{ ref('service_status') }}
    where period = 'day' and area_level = 'all'
    union
    select brand as network from brands
),

final as (
    select
        s.network,
        coalesce(
            b.brand_name,
            case s.network
                when 'all' then 'All networks'
                when 'unknown' then 'Unknown'
                when 'no service' then 'No service'
            end,
            s.network
        ) as network_name,
        coalesce(b.host_network, s.network) as host_network,
        coalesce(b.is_mvno, false) as is_mvno,
        b.brand is not null as is_known_brand
    from seen as s
    left join brands as b on s.network = b.brand
)

select * from final
