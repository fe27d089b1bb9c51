"""Clients that commit and read at once lose and repeat nothing: every commit is a compare-and-swap in Glue."""

import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pytest

from infra.local import athena_client
from infra.local.settings import REPO_ROOT, LocalSettings
from tests.integration import programs
from tests.integration.catalog_clients import new_database, pyiceberg_catalog
from tests.integration.iceberg_writer import RETRIES, ROWS_PER_COMMIT
from tests.integration.test_clients_dbt import FILES

WRITERS, COMMITS = 4, 50
WRITERS_TIMEOUT_S = 1800
# A read opens as many files as there were commits: without a pause it takes more of a small machine than the writers.
PAUSE_S = 2.0
MODELS = ("first", "second")
RUNS_A_PROCESS = 3
COUNTER = """
    {{ config(materialized='incremental', incremental_strategy='merge', unique_key='id') }}
    {% if is_incremental() %}
    select id, n + 1 as n from {{ this }}
    {% else %}
    select cast(1 as bigint) as id, cast(1 as bigint) as n
    {% endif %}
    """

Seen = TypeVar("Seen")


@pytest.mark.slow
def test_every_acknowledged_commit_of_four_writers_is_there_once_while_others_merge_and_read(
    local_aws: LocalSettings, tmp_path: Path
) -> None:
    database, catalog = new_database(), pyiceberg_catalog(local_aws.endpoint_url)
    catalog.create_table(f"{database}.events", pa.schema([("id", pa.int64())]), properties=RETRIES)
    _write_project(tmp_path)
    done = threading.Event()
    with ThreadPoolExecutor() as pool:
        merges = pool.submit(_until, done, lambda: _merge(tmp_path, database))
        counts = pool.submit(_until, done, lambda: _counts(database))
        try:
            acknowledged = _write(local_aws.endpoint_url, f"{database}.events", pool)
        finally:
            done.set()
    assert sorted(acknowledged) == list(range(WRITERS * COMMITS * ROWS_PER_COMMIT))
    assert _counts(database) == (len(acknowledged), len(acknowledged))
    for number, (rows, distinct) in enumerate(seen := counts.result()):
        assert rows == distinct, "a reader saw a row twice"
        assert rows >= seen[number - 1][0] or number == 0, f"a reader saw rows vanish: {seen[number - 1 : number + 1]}"
    merged = sum(merges.result())
    assert merged > 0
    for name in MODELS:
        assert athena_client.query(f"select id, n from {database}.{name}") == [["1", str(merged)]]
    snapshots = catalog.load_table(f"{database}.events").metadata.snapshots
    assert len(snapshots) == WRITERS * COMMITS


def _write(endpoint_url: str, table_name: str, pool: ThreadPoolExecutor) -> list[int]:
    """Run the writers side by side as processes; returns the ids that the catalog acknowledged."""
    command = [sys.executable, "-m", "tests.integration.iceberg_writer", endpoint_url, table_name]
    writers = [
        subprocess.Popen(
            [*command, str(writer), str(COMMITS)],
            cwd=REPO_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for writer in range(WRITERS)
    ]
    try:
        outputs: list[Future[tuple[str, str]]] = [
            pool.submit(writer.communicate, timeout=WRITERS_TIMEOUT_S) for writer in writers
        ]
        ids: list[int] = []
        for writer, output in zip(writers, outputs, strict=True):
            stdout, stderr = output.result()
            assert writer.returncode == 0, stderr[-4000:]
            ids += json.loads(stdout.splitlines()[-1])
        return ids
    finally:
        for writer in writers:
            writer.kill()


def _until(done: threading.Event, look: Callable[[], Seen]) -> list[Seen]:
    seen = []
    while not done.wait(PAUSE_S):
        seen.append(look())
    return seen


def _write_project(folder: Path) -> None:
    files = {name: FILES[name] for name in ("dbt_project.yml", "profiles.yml")}
    files |= {f"models/{name}.sql": COUNTER for name in MODELS}
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(textwrap.dedent(text).lstrip())


def _merge(folder: Path, database: str) -> int:
    """How often dbt has merged."""
    common = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--no-use-colors"]
    given = json.dumps([["run", *common]] * RUNS_A_PROCESS)
    output = programs.run("-m", "tests.integration.dbt_commands", given, env={"CLIENTS_SCHEMA": database}).stdout
    assert json.loads(output.splitlines()[-1]) == [True] * RUNS_A_PROCESS, output
    return RUNS_A_PROCESS


def _counts(database: str) -> tuple[int, int]:
    """(rows, distinct ids)"""
    ((rows, distinct),) = athena_client.query(f"select count(*), count(distinct id) from {database}.events")
    return int(rows or 0), int(distinct or 0)
