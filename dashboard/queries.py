"""Every query of the dashboard: parametrised, on marts only, nothing computed that a mart doesn't hold."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Query:
    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)


def freshness() -> Query:
    """The newest run of the refresh loop; its lags are those of the newest run that had new records."""
    return Query(
        """
        select max(refreshed_ts) as refreshed_ts, max(newest_event_ts) as newest_event_ts,
            max_by(lag_arrival_p95_s, refreshed_ts) filter (where lag_arrival_p95_s is not null) as lag_arrival_p95_s
        from pipeline_freshness
        where refreshed_ts >= localtimestamp - interval '1' day
        having count(*) > 0
        """
    )


def days() -> Query:
    """The local days that have events, newest first."""
    return Query(
        "select distinct period_date from service_status"
        " where period = 'day' and area_level = 'all' and network = 'all' order by period_date desc limit 60"
    )


def areas(area_level: str) -> Query:
    return Query(
        "select area_code, area_name from areas where area_level = %(area_level)s order by area_name, area_code",
        {"area_level": area_level},
    )


def networks() -> Query:
    return Query("select network, network_name from networks order by network_name, network")


def service_by_area(day: str, area_level: str, network: str) -> Query:
    """Lost share of one day by area: worst first, areas that can't be judged last."""
    return Query(
        """
        select s.area_code, coalesce(a.area_name, s.area_code) as area_name, s.network,
            coalesce(w.network_name, s.network) as network_name, s.n, s.vote_n, s.in_service_count, s.lost_count,
            s.off_count, s.unknown_count, s.lost_share, s.lost_share_ci_low, s.lost_share_ci_high,
            s.availability_share, s.confidence, s.loss_level, s.newest_event_ts, a.centroid_lat, a.centroid_long
        from service_status as s
        left join areas as a on s.area_level = a.area_level and s.area_code = a.area_code
        left join networks as w on s.network = w.network
        where s.period = 'day' and s.period_date = cast(%(day)s as date) and s.area_level = %(area_level)s
            and (s.network = %(network)s or %(network)s = 'each' and s.network <> 'all')
        order by if(s.confidence = 'suppressed', 1, 0), s.lost_share_ci_low desc, s.lost_share desc, s.n desc,
            s.area_code, s.network
        limit 1000
        """,
        {"day": day, "area_level": area_level, "network": network},
    )


def service_over_time(area_level: str, area_code: str, network: str, since_days: int) -> Query:
    return Query(
        """
        select period_start_ts, n, vote_n, lost_count, unknown_count, lost_share, lost_share_ci_low,
            lost_share_ci_high, confidence
        from service_status
        where period = 'hour' and area_level = %(area_level)s and area_code = %(area_code)s and network = %(network)s
            and period_date > date_add('day', -%(since_days)d, current_date)
        order by period_start_ts
        """,
        {"area_level": area_level, "area_code": area_code, "network": network, "since_days": since_days},
    )


def signal_by_network(day: str, area_level: str, area_code: str, rat: str) -> Query:
    return Query(
        """
        select s.network, coalesce(w.network_name, s.network) as network_name, s.n, s.signal_n, s.device_count,
            s.signal_asu_median, s.signal_asu_p10, s.signal_asu_mean, s.signal_asu_mean_ci_low,
            s.signal_asu_mean_ci_high, s.weak_signal_share, s.weak_signal_share_ci_low, s.weak_signal_share_ci_high,
            s.signal_dbm_n, s.signal_dbm_median, s.confidence, s.newest_event_ts
        from signal_trends as s
        left join networks as w on s.network = w.network
        where s.period = 'day' and s.period_date = cast(%(day)s as date) and s.area_level = %(area_level)s
            and s.area_code = %(area_code)s and s.rat = %(rat)s
        order by if(s.network = 'all', 0, 1), s.signal_n desc, s.network
        limit 200
        """,
        {"day": day, "area_level": area_level, "area_code": area_code, "rat": rat},
    )


def signal_over_time(area_level: str, area_code: str, network: str, rat: str, since_days: int) -> Query:
    return Query(
        """
        select period_start_ts, signal_n, signal_asu_median, signal_asu_p10, signal_asu_mean, signal_asu_mean_ci_low,
            signal_asu_mean_ci_high, confidence
        from signal_trends
        where period = 'hour' and area_level = %(area_level)s and area_code = %(area_code)s
            and network = %(network)s and rat = %(rat)s
            and period_date > date_add('day', -%(since_days)d, current_date)
        order by period_start_ts
        """,
        {"area_level": area_level, "area_code": area_code, "network": network, "rat": rat, "since_days": since_days},
    )


def gps_by_operator(day: str, area_level: str, area_code: str, provider: str) -> Query:
    return Query(
        """
        select g.operator, coalesce(o.operator_name, g.operator) as operator_name, g.n, g.precision_n, g.device_count,
            g.precision_mean_m, g.precision_median_m, g.precision_p95_m, g.within_10m_share,
            g.within_10m_share_ci_low, g.within_10m_share_ci_high, g.within_50m_share, g.within_50m_share_ci_low,
            g.within_50m_share_ci_high, g.fix_n, g.fix_quality_share, g.fix_quality_share_ci_low,
            g.fix_quality_share_ci_high, g.confidence, g.newest_event_ts
        from gps_accuracy as g
        left join operators as o on g.operator = o.operator
        where g.period = 'day' and g.period_date = cast(%(day)s as date) and g.area_level = %(area_level)s
            and g.area_code = %(area_code)s and g.provider = %(provider)s
        order by if(g.operator = 'all', 0, 1), if(g.confidence = 'suppressed', 1, 0), g.precision_median_m,
            g.precision_n desc, g.operator
        limit 200
        """,
        {"day": day, "area_level": area_level, "area_code": area_code, "provider": provider},
    )
