-- Since when does a network lose service in a province, over the last two days?
-- Put the province (2-digit code) and the network that you look at in the place of these.
select
    {{ local_ts('period_start_ts') }} as local_hour,
    vote_n,
    lost_count,
    lost_share,
    lost_share_ci_low,
    lost_share_ci_high,
    loss_level
from {{ ref('service_status') }}
where
    period = 'hour'
    and period_start_ts >= localtimestamp - interval '2' day
    and area_level = 'province'
    and area_code = '08'
    and network = 'orange'
order by period_start_ts desc
