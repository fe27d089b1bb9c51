-- One row per area_level and area_code.
{{ config(materialized='view', tags=['dims']) }}
with

municipalities as (
    select * from {{ ref('municipalities') }}
),

provinces as (
    select * from {{ ref('provinces') }}
),

final as (
    select
        'all' as area_level,
        'all' as area_code,
        'Catalonia' as area_name,
        cast(null as varchar) as province_code,
        cast(null as varchar) as province_name,
        avg(centroid_lat) as centroid_lat,
        avg(centroid_long) as centroid_long
    from provinces
    union all
    select
        'province' as area_level,
        province_code as area_code,
        province_name as area_name,
        province_code,
        province_name,
        centroid_lat,
        centroid_long
    from provinces
    union all
    select
        'municipality' as area_level,
        m.area_code,
        m.area_name,
        m.province_code,
        p.province_name,
        m.centroid_lat,
        m.centroid_long
    from municipalities as m
    inner join provinces as p on m.province_code = p.province_code
    union all
    select
        area_level,
        'unknown' as area_code,
        'Unknown area' as area_name,
        'unknown' as province_code,
        'Unknown' as province_name,
        cast(null as double) as centroid_lat,
        cast(null as double) as centroid_long
    from (values 'province', 'municipality') as u (area_level)
)

select * from final
