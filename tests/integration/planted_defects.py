"""One defect of each kind in built marts, and the data test that must find it."""

from typing import NamedTuple


class Defect(NamedTuple):
    """`sql` plants it; `table` is what it changes."""

    found_by: str
    table: str
    sql: str


_CELL = "period = 'day' and area_level = 'all' and network = 'all'"
_ONE_BUCKET = "bucket_ts = (select min(bucket_ts) from int_network_events_5min)"

DEFECTS = [
    Defect(
        "service_status__key__unique",
        "service_status",
        "insert into service_status select * from service_status where period = 'day' and area_level = 'all'",
    ),
    Defect(
        "int_network_events_5min__n__positive",
        "int_network_events_5min",
        "update int_network_events_5min set n = 0, in_service_count = 0, lost_count = 0, off_count = 0,"
        f" unknown_count = 0, duplicate_count = 0 where {_ONE_BUCKET}",
    ),
    Defect(
        "int_network_events_5min__service_states__sum_to_n",
        "int_network_events_5min",
        "update int_network_events_5min set lost_count = lost_count + 1 where area_code = '080193'",
    ),
    Defect(
        "assert_every_bucket_is_explained_by_raw",
        "int_network_events_5min",
        "insert into int_network_events_5min select * from int_network_events_5min where area_code = '251207'",
    ),
    Defect(
        "assert_every_accepted_event_counts_once",
        "int_network_events_5min",
        "delete from int_network_events_5min where area_code in ('080193', '251207', '170792')",
    ),
    Defect(
        "assert_every_refused_record_counts_once",
        "rejected_events",
        "delete from rejected_events where reject_reason = 'not_json'",
    ),
    Defect(
        "service_status__lost_share__within_its_interval",
        "service_status",
        f"update service_status set lost_share = 0.999, availability_share = 0.001 where {_CELL}",
    ),
    Defect(
        "signal_trends__weak_signal_share__within_its_interval",
        "signal_trends",
        "update signal_trends set weak_signal_share = 1.2, weak_signal_share_ci_high = 1.3"
        f" where {_CELL} and rat = 'all'",
    ),
    Defect(
        "signal_changes__key__unique",
        "signal_trends",
        "insert into signal_trends select * from signal_trends where period = 'hour' and area_level = 'all'",
    ),
    Defect(
        "gps_accuracy__fix_quality_share__within_its_interval",
        "gps_accuracy",
        "update gps_accuracy set fix_quality_share_ci_low = null where operator = 'all' and period = 'day'",
    ),
    Defect(
        "service_status__shares__sum_to_one",
        "service_status",
        f"update service_status set availability_share = availability_share - 0.1 where {_CELL}",
    ),
    Defect(
        "service_status__suppressed__shows_nothing",
        "service_status",
        "update service_status set lost_count = 1 where confidence = 'suppressed'",
    ),
    Defect(
        "service_status__suppressed__never_judged",
        "service_status",
        "update service_status set loss_level = 'low' where confidence = 'suppressed'",
    ),
    Defect(
        "gps_accuracy__percentiles__ordered",
        "gps_accuracy",
        "update gps_accuracy set precision_p95_m = precision_median_m - 1",
    ),
    Defect(
        "signal_trends__dbm__never_mixed",
        "signal_trends",
        "update signal_trends set signal_dbm_median = -90 where rat = 'all'",
    ),
    Defect("signal_trends__rat__accepted", "signal_trends", "update signal_trends set rat = '6G' where rat = '4G'"),
    Defect(
        "signal_trends__network__has_a_name",
        "signal_trends",
        "update signal_trends set network = 'nobody' where network = 'orange' and period = 'hour'",
    ),
    Defect(
        "assert_network_of_service_status_is_a_host",
        "service_status",
        "update service_status set network = 'pepephone' where network = 'movistar'",
    ),
    Defect(
        "int_network_events_5min__network__not_null",
        "int_network_events_5min",
        "update int_network_events_5min set network = null where operator = 'orange'",
    ),
    Defect(
        "brands__host_network__is_a_brand",
        "brands",
        "insert into brands values ('ghost', 'Ghost', 'nobody', true)",
    ),
    Defect("feeds__feed__unique", "feeds", "insert into feeds values ('default', false, 'a second one')"),
    Defect(
        "pipeline_freshness__accepted_and_rejected__sum_to_raw",
        "pipeline_freshness",
        "update pipeline_freshness set raw_count = raw_count + 1",
    ),
    Defect(
        "rejected_events__reject_reason__accepted",
        "rejected_events",
        "update rejected_events set reject_reason = 'because' where reject_reason = 'not_json'",
    ),
    Defect(
        "int_arrivals_5min__parts__within_n",
        "int_arrivals_5min",
        "update int_arrivals_5min set late_count = n + 1",
    ),
]
