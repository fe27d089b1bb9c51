-- Whose phones find their place best? Satellite fixes only, yesterday and today.
select
    period_date,
    operator,
    precision_n,
    precision_median_m,
    precision_p95_m,
    within_10m_share,
    fix_quality_share
from {{ ref('gps_accuracy') }}
where
    period = 'day'
    and period_start_ts >= localtimestamp - interval '2' day
    and area_level = 'all'
    and provider = 'gps'
    and confidence = 'published'
order by period_date desc, precision_median_m asc
