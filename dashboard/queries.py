"""Every query of the dashboard: parametrised, on marts only, nothing computed that a mart doesn't hold."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Query:
    """`is_slow`: an answer may be minutes old, as it changes every quarter of an hour at most or is read over weeks."""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)
    is_slow: bool = False


_INCIDENTS = """
        select i.incident_id, i.area_level, i.area_code, coalesce(a.area_name, i.area_code) as area_name, i.network,
            coalesce(w.network_name, i.network) as network_name, i.state, i.is_closed, i.worst_verdict, i.evidence,
            i.start_ts, i.end_ts, i.confirmed_check_ts, i.duration_minutes, i.bad_check_n, i.peak_bad_share,
            i.peak_vote_n, i.peak_bad_n, i.baseline_share, k.acknowledged_by, k.acknowledged_ts
        from outage_incidents as i
        left join areas as a on i.area_level = a.area_level and i.area_code = a.area_code
        left join networks as w on i.network = w.network
        left join (
            select incident_id, max_by(acknowledged_by, acknowledged_ts) as acknowledged_by,
                max(acknowledged_ts) as acknowledged_ts
            from outage_acknowledgements
            group by incident_id
        ) as k on i.incident_id = k.incident_id
"""


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
        is_slow=True,
    )


def networks() -> Query:
    return Query("select network, network_name from networks order by network_name, network", is_slow=True)


_SERVICE = """
        select s.area_level, s.area_code, coalesce(a.area_name, s.area_code) as area_name, s.network,
            coalesce(w.network_name, s.network) as network_name, s.n, s.vote_n, s.in_service_count, s.lost_count,
            s.off_count, s.unknown_count, s.lost_share, s.lost_share_ci_low, s.lost_share_ci_high,
            s.availability_share, s.confidence, s.loss_level, s.newest_event_ts, a.centroid_lat, a.centroid_long
        from service_status as s
        left join areas as a on s.area_level = a.area_level and s.area_code = a.area_code
        left join networks as w on s.network = w.network
"""
_WORST_FIRST = """
        order by if(s.confidence = 'suppressed', 1, 0), s.lost_share_ci_low desc, s.lost_share desc, s.n desc,
            s.area_level, s.area_code, s.network
"""


def service_by_area(day: str, area_level: str, network: str) -> Query:
    """Lost share of one day by area: worst first, areas that can't be judged last."""
    return Query(
        f"""{_SERVICE}
        where s.period = 'day' and s.period_date = cast(%(day)s as date) and s.area_level = %(area_level)s
            and (s.network = %(network)s or %(network)s = 'each' and s.network <> 'all')
        {_WORST_FIRST}
        """,
        {"day": day, "area_level": area_level, "network": network},
    )


def service_of_day(day: str) -> Query:
    """The same of Catalonia as a whole and by network, of municipalities as a whole, and of provinces by network."""
    return Query(
        f"""{_SERVICE}
        where s.period = 'day' and s.period_date = cast(%(day)s as date)
            and (
                s.area_level = 'all'
                or s.area_level = 'municipality' and s.network = 'all'
                or s.area_level = 'province' and s.network <> 'all'
            )
        {_WORST_FIRST}
        """,
        {"day": day},
    )


def kpi_changes(day: str) -> Query:
    """How one day's full hours differ from the same hours of the same weekday in the four weeks before."""
    return Query(
        """
        select kpi, last_local_hour_ts, event_n, kpi_share, kpi_share_ci_low, kpi_share_ci_high, normal_week_count,
            normal_event_n_min, normal_event_n_max, normal_n, normal_share, normal_share_ci_low, normal_share_ci_high,
            is_changed, change, confidence
        from kpi_changes
        where period_date = cast(%(day)s as date)
        order by kpi
        """,
        {"day": day},
        is_slow=True,
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


def incidents(since_days: int) -> Query:
    """What is not over, worst first, then what was over within these days, newest first."""
    return Query(
        f"""
        {_INCIDENTS}
        where not i.is_closed or i.first_check_ts >= localtimestamp - interval '1' day * %(since_days)d
        order by i.is_closed, if(i.is_closed, 0, case i.state
            when 'CONFIRMED' then 1 when 'SUSPECTED' then 2 when 'DEGRADED' then 3 when 'RECOVERING' then 4 else 5 end),
            if(i.is_closed, i.first_check_ts) desc, i.peak_bad_share desc, i.incident_id
        """,
        {"since_days": since_days},
    )


def incident(incident_id: str) -> Query:
    return Query(f"{_INCIDENTS} where i.incident_id = %(incident_id)s", {"incident_id": incident_id})


def incident_checks(incident_id: str) -> Query:
    """The checks of an incident's area and network, from an hour before it to an hour behind it."""
    return Query(
        """
        select c.check_ts, c.verdict, c.evidence, c.vote_n, c.bad_n, c.late_bad_n, c.bad_share, c.bad_share_ci_low,
            c.bad_share_ci_high, c.bad_device_n, c.score, c.baseline_share, c.threshold_share, c.expected_vote_n,
            c.others_vote_n, c.others_expected_vote_n
        from outage_checks as c
        inner join outage_incidents as i
            on c.area_level = i.area_level and c.area_code = i.area_code and c.network = i.network
        where i.incident_id = %(incident_id)s
            and c.check_ts between i.start_ts - interval '1' hour
                and coalesce(i.recovered_check_ts, i.last_bad_check_ts) + interval '1' hour
        order by c.check_ts
        """,
        {"incident_id": incident_id},
    )


def incident_changes(incident_id: str) -> Query:
    """What was said of an incident when, oldest first."""
    return Query(
        """
        select change_number, detected_ts, state_before, state_after, is_closed, is_withdrawn, evidence, start_ts,
            peak_bad_share, peak_bad_n, peak_vote_n, baseline_share
        from outage_state_changes
        where incident_id = %(incident_id)s
        order by change_number
        """,
        {"incident_id": incident_id},
    )


def acknowledgements(incident_id: str) -> Query:
    """Newest first."""
    return Query(
        """
        select acknowledged_ts, acknowledged_by, note
        from outage_acknowledgements
        where incident_id = %(incident_id)s
        order by acknowledged_ts desc
        """,
        {"incident_id": incident_id},
    )


def availability(area_level: str, network: str) -> Query:
    """Day by day and over 30 days, of the cells of a level that were out for longest; `each` network, or one."""
    return Query(
        """
        select h.period, h.period_date, h.area_code, coalesce(a.area_name, h.area_code) as area_name, h.network,
            coalesce(w.network_name, h.network) as network_name, h.availability_level, h.availability_share,
            h.judged_minutes, h.outage_minutes, h.degraded_minutes, h.suspected_minutes, h.incident_n, h.confirmed_n,
            h.detected_n, h.detect_mean_minutes, h.recovered_n, h.recover_mean_minutes
        from outage_history as h
        inner join (
            select area_level, area_code, network, outage_minutes as month_outage_minutes,
                degraded_minutes + suspected_minutes as month_doubtful_minutes, judged_minutes as month_judged_minutes
            from outage_history
            where period = '30_days' and area_level = %(area_level)s
                and (network = %(network)s or %(network)s = 'each' and network <> 'all')
            order by outage_minutes desc, degraded_minutes + suspected_minutes desc, judged_minutes desc, area_code,
                network
            limit 20
        ) as m on h.area_level = m.area_level and h.area_code = m.area_code and h.network = m.network
        left join areas as a on h.area_level = a.area_level and h.area_code = a.area_code
        left join networks as w on h.network = w.network
        where h.period = '30_days' or h.period_start_ts >= localtimestamp - interval '31' day
        order by m.month_outage_minutes desc, m.month_doubtful_minutes desc, m.month_judged_minutes desc, h.area_code,
            h.network, h.period, h.period_date
        """,
        {"area_level": area_level, "network": network},
        is_slow=True,
    )


def response_times() -> Query:
    """How soon incidents of the whole network were confirmed, said and over: by the day they began, and of 30 days."""
    return Query(
        """
        select period, period_date, incident_n, confirmed_n, confirm_mean_minutes, detected_n, detect_mean_minutes,
            recovered_n, recover_mean_minutes
        from outage_history
        where area_level = 'all' and network = 'all'
            and (period = '30_days' or period_start_ts >= localtimestamp - interval '31' day)
        order by period, period_date
        """,
        is_slow=True,
    )


def judged_now() -> Query:
    """Of the newest checks of municipalities, how many could tell."""
    return Query(
        """
        select check_ts, count_if(verdict <> 'INSUFFICIENT_DATA') as judged_count, count(*) as check_count
        from outage_checks
        where area_level = 'municipality' and check_ts >= localtimestamp - interval '1' hour
        group by check_ts
        order by check_ts desc
        limit 1
        """
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


def weak_signal_over_time(area_level: str, area_code: str, network: str, rat: str, since_days: int) -> Query:
    """Hour by hour; what is usual and the change from it are null before the days that signal_changes has."""
    return Query(
        """
        select s.period_start_ts, s.signal_n, s.weak_signal_share, s.weak_signal_share_ci_low,
            s.weak_signal_share_ci_high, s.confidence, c.normal_week_count, c.normal_signal_n,
            c.normal_weak_signal_share, c.weak_signal_change, c.weak_signal_change_ci_low, c.weak_signal_change_ci_high,
            c.is_changed, c.confidence as change_confidence
        from signal_trends as s
        left join signal_changes as c
            on s.period_start_ts = c.period_start_ts and s.area_level = c.area_level and s.area_code = c.area_code
                and s.network = c.network and s.rat = c.rat
        where s.period = 'hour' and s.area_level = %(area_level)s and s.area_code = %(area_code)s
            and s.network = %(network)s and s.rat = %(rat)s
            and s.period_date > date_add('day', -%(since_days)d, current_date)
        order by s.period_start_ts
        """,
        {"area_level": area_level, "area_code": area_code, "network": network, "rat": rat, "since_days": since_days},
        is_slow=True,
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
        """,
        {"day": day, "area_level": area_level, "area_code": area_code, "provider": provider},
    )


def gps_ranking(day: str, area_level: str, area_code: str, provider: str) -> Query:
    """The operators of one day that have a rank, the highest share within 10 m first."""
    return Query(
        """
        select r.operator, coalesce(o.operator_name, r.operator) as operator_name, r.precision_n, r.within_10m_share,
            r.within_10m_share_ci_low, r.within_10m_share_ci_high, r.rank_best, r.rank_worst, r.rank_of,
            r.indistinct_operators
        from gps_ranking as r
        left join operators as o on r.operator = o.operator
        where r.period_date = cast(%(day)s as date) and r.area_level = %(area_level)s and r.area_code = %(area_code)s
            and r.provider = %(provider)s
        order by r.within_10m_share desc, r.precision_n desc, r.operator
        """,
        {"day": day, "area_level": area_level, "area_code": area_code, "provider": provider},
    )


def data_quality(day: str) -> Query:
    """One day's records by source and feed; all of them first."""
    return Query(
        """
        select source, feed, n, accepted_count, rejected_count, rejected_share, rejected_share_ci_low,
            rejected_share_ci_high, duplicate_count, duplicate_share, duplicate_share_ci_low, duplicate_share_ci_high,
            event_n, stream_event_n, late_count, late_share, late_share_ci_low, late_share_ci_high,
            conflicting_id_count, confidence
        from data_quality
        where period = 'day' and period_date = cast(%(day)s as date)
        order by if(source = 'all', 0, 1), if(feed = 'all', 0, 1), n desc, source, feed
        """,
        {"day": day},
    )


def records_by_hour(since_days: int) -> Query:
    return Query(
        """
        select period_start_ts, event_n, duplicate_count, rejected_count, late_count
        from data_quality
        where period = 'hour' and source = 'all' and feed = 'all'
            and period_date > date_add('day', -%(since_days)d, current_date)
        order by period_start_ts
        """,
        {"since_days": since_days},
    )


def event_rates() -> Query:
    """Events a minute of the last day by 5 minutes, the newest last."""
    return Query("select bucket_ts, event_n, stream_event_n, event_per_min from event_rates order by bucket_ts")


def lag_over_time() -> Query:
    """The slowest refresh of every 5 minutes of the last day: seconds from arrival to mart."""
    return Query(
        """
        select date_trunc('hour', refreshed_ts) + interval '5' minute * (minute(refreshed_ts) / 5) as period_start_ts,
            max(lag_arrival_p50_s) as lag_arrival_p50_s, max(lag_arrival_p95_s) as lag_arrival_p95_s,
            sum(new_count) as new_count, count(*) as refresh_count
        from pipeline_freshness
        where refreshed_ts >= localtimestamp - interval '1' day
        group by 1
        order by 1
        """
    )


def rejected_by_reason(since_days: int) -> Query:
    return Query(
        """
        select reject_reason, sum(n) as n, max(payload_max_bytes) as payload_max_bytes,
            max(newest_ingest_ts) as newest_ingest_ts
        from rejected_events
        where period_start_ts >= localtimestamp - interval '1' day * %(since_days)d
        group by reject_reason
        order by n desc, reject_reason
        """,
        {"since_days": since_days},
    )


def rejected_examples() -> Query:
    return Query(
        "select reject_reason, example_number, newest_ingest_ts, source, feed, example from rejected_examples"
        " order by reject_reason, example_number"
    )


def refresh_costs() -> Query:
    """What the refresh loop ran within the last day: all of it first, then by beat; of the live beats by model, too."""
    return Query(
        """
        select beat, model, run_count, failed_count, duration_p50_s, duration_p95_s, duration_max_s, newest_started_ts,
            changed_row_count, statement_count, scanned_bytes, billed_bytes, cost_usd, cost_usd_per_day
        from refresh_costs
        where model = 'all' or starts_with(beat, 'live_')
        order by if(beat = 'all', 0, 1), billed_bytes desc, beat, if(model = 'all', 0, 1), model
        """,
        is_slow=True,
    )
