"""The simulator against the local AWS: a history that is backfilled, phones on a stream, an outage on demand."""

import json
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import pytest

from glue_streaming.contract import REJECT_REASONS
from infra.feed.simulate.arrival import STREAM_ONLY_REASONS
from infra.local import athena_client
from tests.integration.programs import backfill, run, started
from tests.unit.feed.simulated import to_frame

DATABASE = "raw_simulated"
OUTAGES = f"s3://telcopulse-artifacts/feed/outages-{uuid.uuid4().hex}"


@pytest.fixture
def stream(local_aws: object) -> Iterator[str]:
    kinesis, name = boto3.client("kinesis"), f"test-{uuid.uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    yield name
    kinesis.delete_stream(StreamName=name)


def outage(*arguments: str, expect: int = 0) -> tuple[str, str]:
    finished = run("-m", "infra.feed", "outage", "--outages", OUTAGES, *arguments, expect=expect)
    return finished.stdout, finished.stderr


def read_all(stream: str) -> list[bytes]:
    kinesis = boto3.client("kinesis")
    where = {"StreamName": stream, "ShardId": kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]}
    iterator: Any = kinesis.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found: list[bytes] = []
    while True:
        page = kinesis.get_records(ShardIterator=iterator, Limit=5_000)
        found += [record["Data"] for record in page["Records"]]
        iterator = page["NextShardIterator"]
        if not page["Records"] and page["MillisBehindLatest"] == 0:
            return found


@pytest.mark.usefixtures("local_aws")
def test_a_backfilled_history_has_its_arrivals_and_its_rejects(tmp_path: Path) -> None:
    """The query is the one of docs/feed.md."""
    folder = tmp_path / "history"
    arguments = ["--output", str(folder), "--days", "1", "--end", "2026-11-18T00:00:00Z", "--events-per-day", "5000"]
    written = json.loads(
        run("-m", "infra.feed", "simulate", "history", *arguments, "--malformed", "0.05").stdout.splitlines()[-1]
    )
    loaded = backfill(folder / "events-2026-11-17.jsonl", database=DATABASE)
    assert loaded["rows_loaded"] == written["records"] > 4_000
    reasons = athena_client.query("select reject_reason, count(*) from network_events group by 1", database=DATABASE)
    assert {reason for reason, _ in reasons} == {None, *REJECT_REASONS} - set(STREAM_ONLY_REASONS)
    ((rows, in_order, soonest, latest),) = athena_client.query(
        """
        with arrivals as (
            select
                source_row,
                event_ts,
                cast(from_iso8601_timestamp(
                    json_extract_scalar(from_utf8(payload), '$.simulated_arrival_ts')
                ) at time zone 'UTC' as timestamp(6)) as arrival_ts
            from network_events
            where reject_reason is null
        ),

        followed as (
            select *, lag(arrival_ts) over (order by source_row) as arrival_before_ts from arrivals
        )

        select
            count(*),
            count_if(arrival_before_ts is null or arrival_before_ts <= arrival_ts),
            min(date_diff('millisecond', event_ts, arrival_ts)),
            max(arrival_ts)
        from followed
        """,
        database=DATABASE,
    )
    assert rows == in_order
    assert int(soonest or 0) > 0
    assert str(latest) < "2026-11-18"


def test_an_outage_breaks_a_network_of_a_running_simulator_which_ends_clean_on_interrupt(
    stream: str, tmp_path: Path
) -> None:
    log = tmp_path / "live.log"
    arguments = ["--stream", stream, "--rate", "200", "--malformed", "0", "--outages", OUTAGES]
    with started("-m", "infra.feed", "simulate", "live", *arguments, log=log) as live:
        answer, said = outage("--area", "Barcelona", "--network", "Orange", "--minutes", "5")
        time.sleep(15)
        live.send_signal(signal.SIGINT)
        assert live.wait(30) == 130, log.read_text()
    assert "stopped" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert "orange is out in Barcelona (080193) until" in said
    events = to_frame(read_all(stream))
    here = events[(events["postal_code"] == "080193") & (events["event_ts"] >= json.loads(answer)["start_ts"])]
    bad_share = here.groupby("host")["is_bad"].agg(["mean", "count"])
    assert (bad_share.loc[["orange", "movistar"], "count"] > 30).all()
    assert bad_share.loc["orange", "mean"] > 0.8
    assert bad_share.loc["movistar", "mean"] < 0.1
    assert (events["event_ts"] < pd.Timestamp.now(tz="UTC")).all()


@pytest.mark.usefixtures("local_aws")
@pytest.mark.parametrize(
    ("area", "network", "message"),
    [("Barcelna", "orange", "did you mean Barcelona (080193)"), ("Barcelona", "orangee", "did you mean orange?")],
)
def test_an_unknown_area_or_network_is_refused_with_what_is_like_it(area: str, network: str, message: str) -> None:
    _, said = outage("--area", area, "--network", network, expect=1)
    assert message in said
