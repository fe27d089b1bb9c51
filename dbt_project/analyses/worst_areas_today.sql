-- Where do phones lose service today, and how sure is it?
-- Worst first; areas that can't be judged are left out.
select
    a.area_name,
    s.network,
    s.lost_share,
    s.lost_share_ci_low,
    s.lost_share_ci_high,
    s.vote_n,
    s.confidence
from {{ ref('service_status') }} as s
left join {{ ref('areas') }} as a on s.area_level = a.area_level and s.area_code = a.area_code
where
    s.period = 'day'
    and s.period_date = {{ local_date('localtimestamp') }}
    and s.area_level = 'municipality'
    and s.confidence != 'suppressed'
order by s.lost_share_ci_low desc
limit 20
