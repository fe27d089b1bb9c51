"""Never two refresh loops at once; a loop survives what Athena, Glue and S3 do to it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyathena import connect
from pyathena.cursor import DictCursor

from dbt_project.lease import Lease
from infra.local.faults_client import FaultsClient
from infra.local.settings import REPO_ROOT, LocalSettings
from tests import raw_writer
from tests.integration.catalog_clients import pyiceberg_catalog
from tests.integration.histories import History

BUCKET = "telcopulse-marts"
TTL_S = 1.5


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"refresh_lease/{request.node.name}.json"


def _nobody(holder: str) -> None:
    raise AssertionError(f"held by {holder}")


def _take(key: str) -> Lease:
    lease = Lease(BUCKET, key, TTL_S)
    assert lease.acquire(threading.Event(), _nobody)
    return lease


def _wait(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.05)


@pytest.mark.usefixtures("local_aws")
def test_a_lease_is_held_by_one_and_taken_when_it_is_given_back(key: str) -> None:
    first, second, waited_for = _take(key), Lease(BUCKET, key, TTL_S), list[str]()
    stopping, acquired = threading.Event(), list[bool]()
    waiting = threading.Thread(target=lambda: acquired.append(second.acquire(stopping, waited_for.append)))
    with first.kept(on_loss=lambda: None):
        waiting.start()
        _wait(lambda: bool(waited_for), "the second to wait")
        time.sleep(TTL_S * 2)
        assert acquired == []
    waiting.join(timeout=60)
    assert (acquired, waited_for, first.is_lost) == ([True], [first.owner], False)


@pytest.mark.usefixtures("local_aws")
def test_a_lease_whose_holder_died_is_taken_by_one_of_many_when_it_is_old(key: str) -> None:
    _take(key)
    stopping, holders = threading.Event(), list[str]()

    def compete() -> None:
        lease = Lease(BUCKET, key, TTL_S)
        if lease.acquire(stopping, lambda holder: None):
            holders.append(lease.owner)
            with lease.kept(on_loss=stopping.set):
                stopping.wait(TTL_S * 3)
                stopping.set()

    started = time.monotonic()
    threads = [threading.Thread(target=compete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(holders) == 1
    assert time.monotonic() - started >= TTL_S


@pytest.mark.usefixtures("local_aws")
def test_a_holder_whose_lease_was_taken_is_told(key: str) -> None:
    lost = threading.Event()
    lease = _take(key)
    with lease.kept(on_loss=lost.set):
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps({"owner": "another"}))
        assert lost.wait(timeout=60)
    assert lease.is_lost
    held = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert json.loads(held) == {"owner": "another"}


class Loop:
    """A running refresh loop; `lines` grow while it runs."""

    def __init__(self, settings: LocalSettings, folder: Path, name: str) -> None:
        folder.mkdir()
        self.lines = list[dict[str, Any]]()
        environment = {**os.environ, **settings.environment(), "PYTHONUNBUFFERED": "1"}
        environment |= {"TELCOPULSE_MARTS_SCHEMA": f"marts_{name}", "TELCOPULSE_RAW_DATABASE": f"raw_{name}"}
        environment |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
        command = [sys.executable, "-m", "dbt_project.refresh", "--live-seconds", "0.5"]
        self._child = subprocess.Popen(command, cwd=REPO_ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stop(self) -> int:
        self._child.terminate()
        code = self._child.wait(timeout=120)
        self._reader.join(timeout=10)
        return code

    def runs(self, beat: str, *, ok: bool) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("beat") == beat and line["ok"] is ok]

    def wait_for(self, beat: str, *, ok: bool) -> dict[str, Any]:
        """The next such run that ends."""
        seen = len(self.runs(beat, ok=ok))
        _wait(lambda: len(self.runs(beat, ok=ok)) > seen, f"{beat} ok={ok}", timeout_s=600)
        return self.runs(beat, ok=ok)[seen]

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.startswith("{"):
                self.lines.append(json.loads(line))


@pytest.fixture
def arrive(local_aws: LocalSettings) -> Callable[[], None]:
    """Commits a row to the raw table of the loops, which is empty at first."""
    raw, history = raw_writer.create(pyiceberg_catalog(local_aws.endpoint_url), "raw_loop"), History(1)

    def commit() -> None:
        history.pass_time(1)
        raw_writer.append(raw, history.batch(1))

    return commit


@pytest.fixture
def start(local_aws: LocalSettings, tmp_path: Path, arrive: Callable[[], None]) -> Iterator[Callable[[], Loop]]:
    """Starts a loop on one raw table and one schema of marts."""
    started = list[Loop]()

    def start_one() -> Loop:
        started.append(Loop(local_aws, tmp_path / str(len(started)), "loop"))
        return started[-1]

    yield start_one
    for loop in started:
        loop.stop()


def test_a_loop_goes_on_after_errors_and_hands_over_to_the_next(
    local_aws: LocalSettings, start: Callable[[], Loop], arrive: Callable[[], None]
) -> None:
    faults = FaultsClient(local_aws.endpoint_url)
    first = start()
    first.wait_for("live_kpis", ok=True)
    ran = len(first.runs("live_kpis", ok=True))
    time.sleep(8)
    assert len(first.runs("live_kpis", ok=True)) == ran, "it ran again though nothing had come"
    second = start()

    with (
        faults.active("s3", "PutObject", resource="refresh_lease/marts_loop", code="InternalError", times=2),
        faults.active("athena", "StartQueryExecution", resource="pipeline_freshness", code="InternalServerException"),
    ):
        arrive()
        failed = [first.wait_for("live_kpis", ok=False) for _ in range(2)]
    assert [line["failures"] for line in failed] == [1, 2]
    assert all("pipeline_freshness" in line["failed"] for line in failed)
    recovered = first.wait_for("live_kpis", ok=True)
    assert "failures" not in recovered

    with faults.active("glue", "UpdateTable", resource="marts_loop.", code="ConcurrentModificationException", times=1):
        arrive()
        assert first.wait_for("live_kpis", ok=True)
    assert first.runs("live_outages", ok=True) or first.wait_for("live_outages", ok=True)

    assert [line for line in second.lines if line["event"] == "refresh"] == []
    held_by = [line["held_by"] for line in second.lines if line.get("for") == "lease"]
    assert len(held_by) == 1
    assert first.stop() == 0
    assert first.lines[-1] == {"event": "stopped"}
    second.wait_for("live_kpis", ok=True)
    assert second.stop() == 0
    _assert_written_down([*first.lines, *second.lines])


def _assert_written_down(lines: list[dict[str, Any]]) -> None:
    """Each run that the loops reported stands in refresh_runs, with what it asked of Athena."""
    with connect(schema_name="marts_loop", work_group="dbt", cursor_class=DictCursor).cursor() as cursor:
        written = cursor.execute("select * from refresh_runs order by started_ts").fetchall()
    runs = [line for line in lines if line["event"] == "refresh"]
    of_runs = [row for row in written if row["model"] == "all"]
    assert [(row["beat"], row["is_ok"], row["duration_s"]) for row in of_runs] == [
        (run["beat"], run["ok"], run["seconds"]) for run in runs
    ]
    models = [row for row in written if row["model"] != "all"]
    assert sorted((row["beat"], row["model"]) for row in models) == sorted(
        (run["beat"], model) for run in runs for model in run.get("models_s", {})
    )
    for row in of_runs:
        own = [model for model in models if model["run_id"] == row["run_id"]]
        assert row["statement_count"] >= sum(model["statement_count"] for model in own)
        assert row["scanned_bytes"] >= sum(model["scanned_bytes"] for model in own)
    assert all(
        row["statement_count"] and row["billed_bytes"] for row in of_runs if row["beat"] == "live_kpis" and row["is_ok"]
    )
    assert any(row["scanned_bytes"] for row in models)
