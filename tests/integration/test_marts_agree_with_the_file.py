"""The marts' numbers for the slice, before suppression, equal those computed from the CSV with pandas."""

from collections.abc import Callable
from datetime import datetime

import boto3
import pandas as pd
import pytest
from pyathena import connect
from pyathena.pandas.cursor import PandasCursor

from infra.feed import history
from infra.feed import slice as real_slice
from tests.integration import reference
from tests.integration.programs import backfill, dbt

RAW, MARTS = "raw_slice", "marts_slice"
# Every row of the slice then lies on the local day before.
MIDNIGHT = datetime(2026, 3, 5, tzinfo=real_slice.LOCAL_ZONE)
UNSUPPRESSED = "{confidence_min_devices: 0, confidence_low_min_n: 0}"


@pytest.fixture(scope="module")
def mart(local_aws: object, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], pd.DataFrame]:
    """The rows of a mart for the day of the slice."""
    folder = tmp_path_factory.mktemp("slice")
    file = folder / "slice.csv"
    file.write_text(history.to_csv(real_slice.read(), MIDNIGHT))
    assert backfill(file, database=RAW)["rows_loaded"] == 1000
    dbt("seed", schema=MARTS, raw=RAW, folder=folder, variables=UNSUPPRESSED)
    dbt("run", schema=MARTS, raw=RAW, folder=folder, variables=UNSUPPRESSED)
    boto3.setup_default_session(region_name="eu-west-1")
    connection = connect(schema_name=MARTS, work_group="adhoc", cursor_class=PandasCursor)

    def rows(name: str) -> pd.DataFrame:
        sql = f"select * from {name} where period = 'day' and period_date = date '2026-03-04'"
        return connection.cursor().execute(sql).as_pandas()

    return rows


def compare(
    mart_rows: pd.DataFrame,
    dimensions: tuple[str, ...],
    computed_by: tuple[str, ...],
    compute: Callable[[pd.DataFrame], dict[str, float]],
) -> int:
    """Every cell of area × dimensions, `all` included; returns how many there were."""
    indexed = mart_rows.set_index(["area_level", "area_code", *dimensions])
    assert indexed.index.is_unique
    seen = set()
    for level, code, in_area in reference.areas(reference.events()):
        for names, cell in cells(in_area, computed_by):
            key = (level, code, *names)
            found, expected = indexed.loc[key], compute(cell)
            for column, value in expected.items():
                actual = float("nan") if pd.isna(found[column]) else float(found[column])
                same = actual == pytest.approx(value, rel=1e-6, abs=1e-6, nan_ok=True)
                assert same, f"{key} {column}: mart {actual}, file {value}"
            seen.add(key)
    assert seen == set(indexed.index)
    return len(seen)


def cells(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """The frame by each column's values and by `all`, in every combination."""
    found: list[tuple[tuple[str, ...], pd.DataFrame]] = [((), frame)]
    for column in columns:
        found = [
            ((*names, value), part)
            for names, whole in found
            for value, part in [("all", whole), *((str(key), group) for key, group in whole.groupby(column))]
        ]
    return found


def test_lost_shares_and_their_intervals(mart: Callable[[str], pd.DataFrame]) -> None:
    assert compare(mart("service_status"), ("network",), ("host",), reference.service) > 300


def test_signal_counts_medians_and_weak_shares(mart: Callable[[str], pd.DataFrame]) -> None:
    rows = mart("signal_trends")
    assert set(rows["rat"]) == {"all", "unknown"}
    assert compare(rows[rows["rat"] == "all"], ("network",), ("network",), reference.signal) > 300


def test_gps_precision_by_operator_and_provider(mart: Callable[[str], pd.DataFrame]) -> None:
    assert compare(mart("gps_accuracy"), ("operator", "provider"), ("operator", "provider"), reference.gps) > 600
