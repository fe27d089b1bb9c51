"""Faults reach the clients of the running stack, and those that should survive them do."""

import uuid
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local import athena_client
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings


@pytest.fixture
def faults(local_aws: LocalSettings) -> Iterator[FaultsClient]:
    client = FaultsClient(local_aws.endpoint_url)
    yield client
    client.clear()


@pytest.fixture(scope="module")
def table(local_aws: LocalSettings) -> str:
    name = f"marts.faults_{uuid.uuid4().hex[:8]}"
    location = f"s3://telcopulse-marts/{name}/"
    athena_client.query(
        f"create table {name} with (table_type='iceberg', is_external=false, location='{location}') as select 1 as n"
    )
    return name


def test_athena_fails_with_the_code_asked_for_and_for_the_named_query_only(faults: FaultsClient) -> None:
    athena = boto3.client("athena", config=Config(retries={"total_max_attempts": 1}))
    fault = faults.add("athena", "StartQueryExecution", resource="select 2", code="InternalServerException")
    assert athena_client.query("select 1") == [["1"]]
    with pytest.raises(ClientError, match="InternalServerException"):
        athena.start_query_execution(QueryString="select 2", WorkGroup="adhoc")
    assert (faults.hits(fault), faults.seen(fault)) == (1, 1)


def test_a_write_survives_an_s3_that_throttles(faults: FaultsClient, table: str) -> None:
    fault = faults.add("s3", "PutObject", resource=f"telcopulse-marts/{table}", action="throttle", times=2)
    athena_client.query(f"insert into {table} values (3)")
    assert faults.hits(fault) == 2
    assert athena_client.query(f"select n from {table} where n = 3") == [["3"]]


def test_a_query_survives_a_reset_connection_to_the_catalog(faults: FaultsClient, table: str) -> None:
    fault = faults.add("glue", "GetTable", resource=table, action="reset", times=1)
    assert athena_client.query(f"select n from {table} where n = 1") == [["1"]]
    assert faults.hits(fault) == 1


def test_a_commit_whose_answer_is_lost_is_there_once(faults: FaultsClient, table: str) -> None:
    """Iceberg finds its own commit again when the catalog did it and the answer didn't arrive."""
    fault = faults.add("glue", "UpdateTable", resource=table, action="reset", when="after", times=1)
    athena_client.query(f"insert into {table} values (2)")
    assert faults.hits(fault) == 1
    assert athena_client.query(f"select count(*) from {table} where n = 2") == [["1"]]


def test_the_same_seed_strikes_the_same_calls(faults: FaultsClient) -> None:
    kinesis = boto3.client("kinesis", config=Config(retries={"total_max_attempts": 1}))

    def run() -> list[bool]:
        struck = []
        with faults.active("kinesis", "ListStreams", code="LimitExceededException", probability=0.5, seed=3):
            for _ in range(20):
                try:
                    kinesis.list_streams()
                    struck.append(False)
                except ClientError:
                    struck.append(True)
        return struck

    first = run()
    assert 0 < sum(first) < 20
    assert run() == first
