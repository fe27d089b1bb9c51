-- How available was each network, day by day over the last week, and how sure is it?
-- Availability is 1 - lost_share, so its interval is that of lost_share turned round.
select
    period_date,
    network,
    vote_n,
    availability_share,
    1 - lost_share_ci_high as availability_share_ci_low,
    1 - lost_share_ci_low as availability_share_ci_high,
    confidence
from {{ ref('service_status') }}
where
    period = 'day'
    and period_start_ts >= localtimestamp - interval '8' day
    and area_level = 'all'
    and confidence != 'suppressed'
order by period_date desc, vote_n desc
