"""The AWS CLI, unmodified, works on the local AWS: only its environment differs."""

import base64
import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from infra.local.settings import LocalSettings
from tests.integration.catalog_clients import new_database

pytestmark = pytest.mark.usefixtures("local_aws")


def aws(*arguments: str) -> Any:
    """Run `aws …`; returns its JSON, or None when it prints nothing."""
    command = [str(Path(sys.executable).with_name("aws")), *arguments, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else None


def test_files_go_up_and_come_down_the_same(tmp_path: Path) -> None:
    source, target = tmp_path / "up", tmp_path / "down"
    source.mkdir()
    for name, size in (("a.bin", 10), ("b.bin", 9_000_000)):
        (source / name).write_bytes(bytes(range(256)) * (size // 256 + 1))
    prefix = f"s3://telcopulse-artifacts/{uuid.uuid4().hex}"
    aws("s3", "sync", str(source), prefix)
    aws("s3", "sync", prefix, str(target))
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {
        path.name: path.read_bytes() for path in source.iterdir()
    }
    bucket, _, key = prefix.removeprefix("s3://").partition("/")
    listed = aws("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", key)
    assert [Path(item["Key"]).name for item in listed["Contents"]] == ["a.bin", "b.bin"]


def test_a_record_is_put_and_read() -> None:
    stream = f"s{uuid.uuid4().hex[:8]}"
    aws("kinesis", "create-stream", "--stream-name", stream, "--shard-count", "1")
    aws("kinesis", "wait", "stream-exists", "--stream-name", stream)
    put = aws("kinesis", "put-record", "--stream-name", stream, "--partition-key", "k", "--data", "hello")
    position = ("--shard-id", put["ShardId"], "--shard-iterator-type", "TRIM_HORIZON")
    iterator = aws("kinesis", "get-shard-iterator", "--stream-name", stream, *position)["ShardIterator"]
    (record,) = aws("kinesis", "get-records", "--shard-iterator", iterator)["Records"]
    assert (base64.b64decode(record["Data"]), record["SequenceNumber"]) == (b"hello", put["SequenceNumber"])


def test_a_query_is_started_and_its_rows_are_read() -> None:
    started = aws("athena", "start-query-execution", "--work-group", "adhoc", "--query-string", "select 1 as one")
    execution = ("--query-execution-id", started["QueryExecutionId"])
    deadline = time.monotonic() + 60
    while (status := _status(execution)) not in ("SUCCEEDED", "FAILED"):
        assert time.monotonic() < deadline, status
    rows = aws("athena", "get-query-results", *execution)["ResultSet"]["Rows"]
    assert [row["Data"][0]["VarCharValue"] for row in rows] == ["one", "1"]


def test_tables_are_listed_by_pattern_and_in_pages(local_aws: LocalSettings) -> None:
    database = new_database()
    for name in ("fct_a", "fct_b", "dim_a"):
        aws("glue", "create-table", "--database-name", database, "--table-input", json.dumps({"Name": name}))
    listed = aws("glue", "get-tables", "--database-name", database, "--expression", "fct_*", "--page-size", "1")
    assert [table["Name"] for table in listed["TableList"]] == ["fct_a", "fct_b"]


def _status(execution: tuple[str, str]) -> str:
    answer = aws("athena", "get-query-execution", *execution)
    return str(answer["QueryExecution"]["Status"]["State"])
