"""Athena's API on moto in this process, over an engine that only notes what it is asked."""

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.athena import catalog, install
from infra.local.athena.backend import TrinoAthenaBackend
from infra.local.athena.trino_client import TrinoResult
from infra.local.patches import glue, glue_listing


class Engine:
    """Answers every statement with one row, at once or when `go_on` is set."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def run(self, sql: str, **options: Any) -> TrinoResult:
        if sql.startswith("PREPARE"):
            return TrinoResult()
        self.statements.append(sql)
        self.go_on.wait(10)
        signature = {"rawType": "integer", "arguments": []}
        columns = [{"name": "a", "type": "integer", "typeSignature": signature}]
        return TrinoResult(columns=columns, rows=[["1"]])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An empty account with a bucket for results, and the engine behind it."""
    glue.install()
    glue_listing.install()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    install(trino_url="http://127.0.0.1:1", endpoint_url="")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    found = Engine()
    monkeypatch.setattr(TrinoAthenaBackend, "trino", found)
    with mock_aws():
        catalog.client_of.cache_clear()
        boto3.client("s3").create_bucket(
            Bucket="results", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("athena").create_work_group(
            Name="w", Configuration={"ResultConfiguration": {"OutputLocation": "s3://results/"}}
        )
        yield found
        found.go_on.set()
    catalog.client_of.cache_clear()


@pytest.fixture
def athena(engine: Engine) -> Any:
    return boto3.client("athena")
