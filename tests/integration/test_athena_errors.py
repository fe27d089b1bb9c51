"""A bad statement gets Athena's kind of error: refused when it does not parse, failed when it names what is missing."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.athena_client import AthenaQueryFailed, query
from infra.local.settings import LocalSettings
from tests.integration.test_athena_limits import finished


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("select from t", "line 1:8: mismatched input 'from'"),
        ("select 1.5,\n  2 from t wher a = 1", "line 2:17: mismatched input 'a'"),
        ("insert into t values", "line 1:21: mismatched input '<EOF>'"),
        ("create view v as select", "line 1:24: mismatched input '<EOF>'"),
        ("create table t with (format = 'orc') as select 'open", "mismatched input"),
    ],
)
def test_what_does_not_parse_is_refused_with_the_clients_position(
    local_aws: LocalSettings, sql: str, position: str
) -> None:
    with pytest.raises(ClientError, match=position) as refusal:
        boto3.client("athena").start_query_execution(QueryString=sql, WorkGroup="adhoc")
    assert refusal.value.response["Error"]["Code"] == "InvalidRequestException"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select * from none", "TABLE_NOT_FOUND"),
        ("select 1 / 0", "DIVISION_BY_ZERO"),
        ("merge into none using none on true when matched then delete", "TABLE_NOT_FOUND"),
        ("create view v as select 1", "MISSING_COLUMN_NAME"),
        ("describe none", r"SemanticException \[Error 10001\]: Table not found"),
        ("show tables in none", r"SemanticException \[Error 10072\]: Database does not exist"),
        ("alter database none set dbproperties ('a' = 'b')", "Database does not exist"),
        ("alter table none add columns (a int)", "Table not found"),
        ("vacuum none", "Table not found"),
        ("execute none", "PreparedStatement none was not found"),
    ],
)
def test_what_is_not_there_fails_the_execution(local_aws: LocalSettings, sql: str, reason: str) -> None:
    with pytest.raises(AthenaQueryFailed, match=reason):
        query(sql)


def test_a_result_is_used_again_on_request_only(local_aws: LocalSettings) -> None:
    athena = boto3.client("athena")

    def run(**options: Any) -> tuple[str | None, bool]:
        execution = athena.start_query_execution(QueryString="select rand()", WorkGroup="adhoc", **options)
        found = finished(execution["QueryExecutionId"])
        rows = athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]["Rows"]
        return rows[1]["Data"][0]["VarCharValue"], found["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]

    on_request = {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": True}}}
    first, second, third = run(), run(), run(**on_request)
    assert first != second
    assert third == (second[0], True)


def test_a_pattern_of_show_knows_only_stars_and_bars(local_aws: LocalSettings) -> None:
    athena = boto3.client("athena")
    with pytest.raises(ClientError, match="was not found"):
        athena.get_query_results(QueryExecutionId="00000000-0000-0000-0000-000000000000")
    assert query("show databases like 'no[such'") == []
