"""PyAthena's cursors, unmodified, read and write through the local Athena."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import pyathena
import pytest
from pyathena.cursor import DictCursor
from pyathena.error import OperationalError
from pyathena.pandas.cursor import PandasCursor

from tests.integration.catalog_clients import new_database

pytestmark = pytest.mark.usefixtures("local_aws")

TYPED_ROW = """
    select
        bigint '7' as n,
        1.5e0 as ratio,
        decimal '1.50' as price,
        'a"b' as label,
        true as is_on,
        date '2026-01-02' as day,
        timestamp '2026-01-02 03:04:05.678' as seen_ts,
        cast(null as varchar) as nothing
"""


@pytest.fixture
def connection() -> Iterator[Any]:
    with pyathena.connect(work_group="adhoc", poll_interval=0.05) as opened:
        yield opened


def test_the_default_cursor_gives_python_values(connection: Any) -> None:
    assert connection.cursor().execute(TYPED_ROW).fetchall() == [
        (
            7,
            1.5,
            Decimal("1.50"),
            'a"b',
            True,
            dt.date(2026, 1, 2),
            dt.datetime(2026, 1, 2, 3, 4, 5, 678000),
            None,
        )
    ]


def test_the_dict_cursor_names_its_values(connection: Any) -> None:
    rows = connection.cursor(DictCursor).execute("select 1 as one, 'x' as label").fetchall()
    assert rows == [{"one": 1, "label": "x"}]


def test_the_pandas_cursor_reads_the_result_file(connection: Any) -> None:
    frame = connection.cursor(PandasCursor).execute(TYPED_ROW).as_pandas()
    row = frame.iloc[0]
    assert (row.n, row.ratio, row.price, row.label, row.is_on) == (7, 1.5, Decimal("1.50"), 'a"b', True)
    assert row.seen_ts == pd.Timestamp("2026-01-02 03:04:05.678")
    assert pd.isna(row.nothing)


def test_a_large_result_is_fetched_page_by_page(connection: Any) -> None:
    cursor = connection.cursor().execute("select n from unnest(sequence(1, 2500)) as t (n) order by n")
    assert [row[0] for row in cursor] == list(range(1, 2501))


def test_parameters_are_bound(connection: Any) -> None:
    cursor = connection.cursor()
    assert cursor.execute("select %(label)s, %(n)d", {"label": "it's", "n": 3}).fetchall() == [("it's", 3)]
    assert cursor.execute("select ?", ["'q'"], paramstyle="qmark").fetchall() == [("q",)]


def test_a_table_is_written_merged_and_read(connection: Any) -> None:
    database, cursor = new_database(), connection.cursor()
    cursor.execute(
        f"create table {database}.t (id int, n int) location 's3://telcopulse-raw/{database}/t' "
        "tblproperties ('table_type' = 'ICEBERG')"
    )
    cursor.execute(f"insert into {database}.t values (1, 1), (2, 2)")
    cursor.execute(
        f"merge into {database}.t t using (values (2, 20), (3, 30)) s (id, n) on t.id = s.id "
        "when matched then update set n = s.n when not matched then insert (id, n) values (s.id, s.n)"
    )
    assert cursor.execute(f"select * from {database}.t order by id").fetchall() == [(1, 1), (2, 20), (3, 30)]


def test_a_failed_query_says_why(connection: Any) -> None:
    with pytest.raises(OperationalError, match="does not exist"):
        connection.cursor().execute("select * from marts.no_such_table")


def test_a_tables_metadata_tells_of_its_files(connection: Any) -> None:
    database = new_database()
    cursor = connection.cursor()
    cursor.execute(
        f"create external table {database}.t (a int) row format delimited fields terminated by ',' "
        f"location 's3://telcopulse-raw/{database}/t/'"
    )
    metadata = cursor.get_table_metadata("t", schema_name=database)
    assert metadata.location == f"s3://telcopulse-raw/{database}/t"
    assert metadata.row_format == "SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'"
    assert metadata.serde_properties == {"field.delim": ",", "serialization.format": ","}
    cursor.execute(f"create view {database}.v as select a from {database}.t")
    text = "\n".join(row[0] for row in cursor.execute(f"show create view {database}.v").fetchall())
    assert text.startswith(f"CREATE VIEW {database}.v AS\nSELECT a\n")
