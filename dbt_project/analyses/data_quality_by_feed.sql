-- Which sender's records are refused, come twice or come late, yesterday and today?
select
    period_date,
    feed,
    n,
    rejected_share,
    duplicate_share,
    late_share,
    conflicting_id_count
from {{ ref('data_quality') }}
where
    period = 'day'
    and period_start_ts >= localtimestamp - interval '2' day
    and source = 'all'
    and feed != 'all'
order by period_date desc, n desc
