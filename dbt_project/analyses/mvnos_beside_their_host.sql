-- Do customers of an MVNO get the signal of the network that carries them, over the last week?
-- Two intervals that overlap can't be told apart.
select
    t.period_date,
    w.host_network,
    w.network_name,
    w.is_mvno,
    t.signal_n,
    t.signal_asu_mean,
    t.signal_asu_mean_ci_low,
    t.signal_asu_mean_ci_high,
    t.weak_signal_share
from {{ ref('signal_trends') }} as t
inner join {{ ref('networks') }} as w on t.network = w.network
where
    t.period = 'day'
    and t.period_date >= {{ local_date('localtimestamp') }} - interval '7' day
    and t.area_level = 'all'
    and t.rat = 'all'
    and t.confidence != 'suppressed'
    and w.is_known_brand
order by t.period_date desc, w.host_network asc, w.is_mvno asc, t.signal_n desc
