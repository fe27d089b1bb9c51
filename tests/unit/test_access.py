"""What the account refuses, and that the evaluator of policies reads them as AWS does."""

from dataclasses import replace

import pytest

from infra.local.settings import ACCOUNT_ID, REGION
from tests import access
from tests.access import NAME, Ask
from tests.refused_calls import REFUSED

MARTS = f"arn:aws:s3:::{NAME}-marts-{ACCOUNT_ID}"


@pytest.mark.parametrize("ask", [ask for _, asks in REFUSED for ask in asks], ids=str)
def test_what_a_role_must_not_do_is_refused(ask: Ask) -> None:
    assert not access.judge(ask).allowed


@pytest.mark.parametrize("ask", [ask for _, asks in REFUSED for ask in asks if ask.context], ids=str)
def test_it_is_the_way_of_the_call_that_is_refused(ask: Ask) -> None:
    """By TLS, with our keys, from our network and to its own service the same role may do the same."""
    usual = {"iam:PassedToService": "glue.amazonaws.com"} if ask.action == "iam:PassRole" else {}
    assert access.judge(replace(ask, context=usual)).allowed


@pytest.mark.parametrize(
    "ask",
    [
        Ask("dashboard", "s3:GetObject", f"{MARTS}/marts/a.parquet", through_athena=True),
        Ask("dashboard", "s3:PutObject", f"{MARTS}/marts/outage_acknowledgements/a", through_athena=True),
        Ask("refresh", "s3:DeleteObject", f"{MARTS}/marts/a"),
        Ask("stream", "kinesis:GetRecords", f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/{NAME}-network-events"),
    ],
    ids=str,
)
def test_the_same_evaluator_allows_what_a_role_needs(ask: Ask) -> None:
    assert access.judge(ask).allowed


@pytest.mark.parametrize(
    ("operator", "expected", "actual", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a", None, False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", "a", None, True),
        ("StringLike", "a*", "ab", True),
        ("ArnNotEquals", ["arn:a"], "arn:a", False),
        ("Bool", "false", "true", False),
        ("Null", "false", "a", True),
        ("Null", "false", None, False),
        ("Null", "true", None, True),
        ("ForAllValues:StringNotEquals", ["athena"], None, True),
        ("ForAllValues:StringNotEquals", ["athena"], ["athena"], False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ],
)
def test_a_condition_is_met_as_aws_documents_it(
    operator: str, expected: str | list[str], actual: str | list[str] | None, holds: bool
) -> None:
    context = {} if actual is None else {"key": actual}
    assert access.holds({operator: {"key": expected}}, context) is holds


def test_an_operator_that_is_not_known_is_an_error_and_no_verdict() -> None:
    with pytest.raises(access.UnknownOperator, match="DateLessThan"):
        access.holds({"DateLessThan": {"key": "2026-01-01"}}, {"key": "2025-01-01"})


@pytest.mark.parametrize(
    ("named", "resource", "concerns"),
    [
        ({"Resource": "arn:a/*"}, "arn:a/b", True),
        ({"Resource": ["arn:a/b", "arn:c"]}, "arn:a/bc", False),
        ({"NotResource": ["arn:a/*"]}, "arn:a/b", False),
        ({"NotResource": "arn:a/*"}, "arn:b", True),
    ],
)
def test_a_statement_concerns_what_it_names(named: dict[str, str | list[str]], resource: str, concerns: bool) -> None:
    statement = {"Effect": "Deny", "Action": ["s3:Get*"], **named}
    assert access.concerns(statement, "s3:GetObject", resource) is concerns
    assert not access.concerns(statement, "s3:PutObject", resource)
