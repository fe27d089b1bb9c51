"""Whose query the engine asks Glue for: its calls carry one key for all, so what the running queries name must tell."""

from collections.abc import Iterator

import boto3
import pytest

from infra.local import athena
from infra.local.callers import access_key
from tests.unit.athena.conftest import Engine

QUERIES = {
    "refresh": ("select * from marts.rejected_events", "marts"),
    "ci": ("select table_name from information_schema.tables where table_schema = 'ci_branch'", "default"),
    "adhoc": ("SELECT * FROM Areas", "marts"),
}


@pytest.fixture
def running(engine: Engine) -> Iterator[None]:
    """A query of each role, none of them ended."""
    engine.go_on.clear()
    for role, (sql, database) in QUERIES.items():
        signed = {"aws_access_key_id": access_key(role), "aws_secret_access_key": "test"}
        boto3.client("athena", **signed).start_query_execution(
            QueryString=sql, WorkGroup="w", QueryExecutionContext={"Database": database}
        )
    yield
    engine.go_on.set()


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("resource", "roles"),
    [
        ("marts.rejected_events", {"refresh"}),
        ("ci_branch.rejected_events", {"ci"}),
        ("ci_branch", {"ci"}),
        ("marts.areas", {"adhoc"}),
        ("marts.networks", {"refresh", "adhoc"}),
        ("marts", {"refresh", "adhoc"}),
        ("raw.network_events", {"refresh", "ci", "adhoc"}),
    ],
)
def test_a_call_for_a_table_is_of_the_queries_about_its_database(resource: str, roles: set[str]) -> None:
    assert athena.asking(resource) == roles
