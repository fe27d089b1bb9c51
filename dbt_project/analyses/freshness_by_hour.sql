-- How old were events when the marts first showed them, hour by hour over the last day?
select
    date_trunc('hour', refreshed_ts) as hour_ts,
    count(*) as refresh_count,
    sum(new_count) as new_count,
    approx_percentile(lag_arrival_p50_s, 0.5) as lag_arrival_p50_s,
    max(lag_arrival_p95_s) as lag_arrival_p95_max_s
from {{ ref('pipeline_freshness') }}
where refreshed_ts >= localtimestamp - interval '1' day
group by date_trunc('hour', refreshed_ts)
order by hour_ts desc
