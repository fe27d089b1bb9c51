-- How strong is each network's signal by radio technology, over the last seven days?
select
    period_date,
    network,
    rat,
    signal_n,
    signal_asu_median,
    signal_asu_p10,
    weak_signal_share
from {{ ref('signal_trends') }}
where
    period = 'day'
    and period_start_ts >= localtimestamp - interval '8' day
    and area_level = 'all'
    and confidence = 'published'
order by period_date desc, signal_n desc
