"""A figure is suppressed by the devices that stand behind it, not by those that happen to be in its cell."""

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from infra.local import athena_client
from tests import raw_writer
from tests.integration.marts import Marts

NOON = datetime(2026, 3, 2, 12)


def events(count: int, **fields: Any) -> list[dict[str, Any]]:
    """Measurements of one hour; `device` numbers them into devices."""
    devices = fields.pop("devices", count)
    return [
        {
            "event_id": f"e{number}-{fields}",
            "event_ts": NOON + timedelta(seconds=number),
            "ingest_ts": NOON + timedelta(hours=1),
            "source": "stream",
            "device_id": f"d{number % devices}",
            "status": 0,
            "network": "Orange",
            "provider": "gps",
        }
        | fields
        for number in range(count)
    ]


@pytest.fixture
def cell(marts: Marts) -> Any:
    """The hour of all networks and areas in a mart, from the events given."""

    def of(rows: list[dict[str, Any]], mart: str, columns: str, totals: str) -> list[str | None]:
        marts.empty()
        marts.append(pa.Table.from_pylist(rows, schema=raw_writer.ARROW_SCHEMA))
        marts.make_anew(("int_network_events_5min", mart))
        sql = f"select {columns} from {mart} where period = 'hour' and area_level = 'all' and {totals}"
        (row,) = athena_client.query(sql, database=marts.schema)
        return row

    return of


def test_a_signal_of_few_devices_is_suppressed_among_many(cell: Any) -> None:
    rows = events(40) + events(40, signal=12, devices=4)
    columns = "device_count, signal_n, signal_asu_median, confidence"
    assert cell(rows, "signal_trends", columns, "network = 'all' and rat = 'all'") == ["4", "40", None, "suppressed"]


def test_dbm_of_few_devices_is_suppressed_where_the_signal_is_not(cell: Any) -> None:
    rows = events(40, signal=12, net="4G") + events(40, signal=30, signal_scale="lte", net="4G", devices=4)
    columns = "device_count, signal_dbm_n, signal_dbm_median, confidence"
    assert cell(rows, "signal_trends", columns, "network = 'all' and rat = '4G'") == ["5", "40", None, "published"]


def test_fixes_of_few_devices_are_suppressed_where_the_precision_is_not(cell: Any) -> None:
    rows = events(40, precission=4.5) + events(40, satellites=7, devices=4)
    columns = "device_count, fix_n, fix_quality_share, confidence"
    totals = "operator = 'all' and provider = 'all'"
    assert cell(rows, "gps_accuracy", columns, totals) == ["5", "40", None, "published"]


def test_votes_of_one_device_under_many_spellings_are_suppressed(cell: Any) -> None:
    """Without a device id a device is an operator at a place, however its name is spelled."""
    spellings = ("Eroski Movil", "eroski móvil", "EROSKI", "Eroski", "eroski movil ")
    rows = [
        row | {"operator": spelling} for spelling in spellings for row in events(8, device_id=None, network=spelling)
    ]
    assert cell(rows, "service_status", "device_count, confidence", "network = 'all'") == ["1", "suppressed"]
