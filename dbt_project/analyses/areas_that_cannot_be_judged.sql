-- Where do too few phones report to say anything today? Insufficient data is not good news.
select
    s.network,
    count(*) as area_count,
    count_if(s.confidence = 'suppressed') as suppressed_count,
    sum(if(s.confidence = 'suppressed', s.n, 0)) as suppressed_n,
    sum(s.n) as n,
    -- The place with most events among them.
    max_by(
        coalesce(a.area_name, s.area_code), if(s.confidence = 'suppressed', s.n)
    ) as largest_suppressed
from {{ ref('service_status') }} as s
left join {{ ref('areas') }} as a on s.area_level = a.area_level and s.area_code = a.area_code
where
    s.period = 'day'
    and s.period_date = {{ local_date('localtimestamp') }}
    and s.area_level = 'municipality'
group by s.network
order by n desc, s.network asc
