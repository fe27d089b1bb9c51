"""Whether the account's policies allow a call: the roles' own, the buckets' and the S3 endpoint's.

`account_policies.json` has them as Terraform renders them for the environment dev, with a name for each id; the test of
the account holds the file to that. Actions and resources are matched, and allows and denies told apart, by moto's
evaluator of policies. It knows neither NotResource nor any condition but StringEquals, and takes a condition that isn't
met for a deny: those are judged here. Not evaluated: who may take on a role, what a key's policy says (it leaves it to
the account's own policies), what AWS's services do with a role before our programs run.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data

from infra.local.settings import ACCOUNT_ID, REGION

POLICIES = Path(__file__).with_name("account_policies.json")
NAME = "telcopulse-dev"
# Their network interfaces lie in the private subnets, so what they ask of S3 goes through its endpoint.
IN_VPC = frozenset(["stream", "refresh", "dashboard", "crawler"])
ENDPOINT = "vpce-s3"
# AWS's own policies that roles have besides: infra/terraform/iam_github.tf.
MANAGED = {"plan": "ReadOnlyAccess", "apply": "PowerUserAccess"}
_KEYS = {
    "raw": "raw",
    "marts": "marts",
    "athena-results": "results",
    "checkpoints": "stream",
    "artifacts": "operations",
}
_OF_READING = ("s3:GetObject", "s3:GetObjectVersion")
_ALWAYS = ("sts:GetCallerIdentity",)

Statement = Mapping[str, Any]
Context = Mapping[str, str | list[str]]


class UnknownOperator(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"a policy has a condition with {name}, which tests/access.py doesn't know: add it there")


@dataclass(frozen=True)
class Ask:
    """One permission that a role needs. `context`: condition keys, but for those that the way of the call decides."""

    role: str
    action: str
    resource: str
    through_athena: bool = False
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """`by`: the statements that decided, as `policy/sid`; empty: nothing allows it."""

    allowed: bool
    by: tuple[str, ...]


@cache
def policies() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Statements by name of a role, a bucket and an endpoint."""
    return dict(json.loads(POLICIES.read_text()))


@cache
def managed(name: str) -> list[dict[str, Any]]:
    """Statements of a policy that AWS keeps, as moto ships it."""
    return list(json.loads(aws_managed_policies_data)[name]["Document"]["Statement"])


def judge(ask: Ask) -> Verdict:
    """Say whether the account allows it, as one of its own roles asks.

    Source: "Policy evaluation logic", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    if ask.action in _ALWAYS:
        return Verdict(True, ("AWS/always",))
    context = _context(ask)
    own = _in_effect(ask.role, policies()["roles"][ask.role], ask, context)
    if ask.role in MANAGED:
        own += _in_effect(f"AWS/{MANAGED[ask.role]}", managed(MANAGED[ask.role]), ask, context)
    bucket = _bucket(ask.resource) if ask.action.startswith("s3:") else None
    at_bucket = _in_effect(f"bucket {bucket}", policies()["buckets"].get(bucket or "", []), ask, context)
    denied = tuple(name for name, effect in [*own, *at_bucket] if effect == "Deny")
    if denied:
        return Verdict(False, denied)
    if context.get("aws:SourceVpce") and ask.action.startswith("s3:"):
        through = _in_effect("endpoint s3", policies()["endpoints"]["s3"], ask, context)
        if not any(effect == "Allow" for _, effect in through):
            return Verdict(False, ("endpoint s3",))
    allowed = tuple(name for name, effect in own if effect == "Allow")
    return Verdict(bool(allowed), allowed)


def implied(ask: Ask) -> list[Ask]:
    """What AWS asks KMS for with the caller's rights; the local AWS encrypts nothing.

    An upload in parts needs kms:Decrypt, too; every role that writes a bucket also reads it.
    Source: "Using server-side encryption with AWS KMS keys", Amazon S3 user guide; "Permissions to use user-generated
    KMS keys", Kinesis developer guide.
    """
    key, actions = None, list[str]()
    if ask.action.startswith("s3:") and "/" in ask.resource:
        key = _KEYS.get(_bucket(ask.resource) or "")
        if ask.action in _OF_READING:
            actions = ["kms:Decrypt"]
        elif ask.action == "s3:PutObject":
            actions = ["kms:GenerateDataKey"]
    elif ask.action == "kinesis:GetRecords":
        key, actions = "stream", ["kms:Decrypt"]
    elif ask.action in ("kinesis:PutRecord", "kinesis:PutRecords"):
        key, actions = "stream", ["kms:GenerateDataKey"]
    elif ask.action == "sns:Publish":
        key, actions = "operations", ["kms:Decrypt", "kms:GenerateDataKey"]
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{key}"
    return [Ask(ask.role, action, arn, ask.through_athena) for action in actions if key]


def statements(role: str) -> list[str]:
    """Every statement of a role's policies, as Verdict names them."""
    return [_name(role, statement) for statement in policies()["roles"][role]]


def matches(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` and `?`, and no others."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _context(ask: Ask) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/{NAME}-{ask.role}",
        "aws:ResourceAccount": ACCOUNT_ID,
    }
    if ask.through_athena:
        found["aws:CalledVia"] = ["athena.amazonaws.com"]
    elif ask.role in IN_VPC:
        found["aws:SourceVpce"] = ENDPOINT
    return found | dict(ask.context)


def _bucket(arn: str) -> str | None:
    """The bucket's name in Terraform."""
    name = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
    short = name.removeprefix(f"{NAME}-").removesuffix(f"-{ACCOUNT_ID}")
    return short if short in _KEYS else None


def _in_effect(policy: str, found: Iterable[Statement], ask: Ask, context: Context) -> list[tuple[str, str]]:
    return [
        (_name(policy, statement), statement["Effect"])
        for statement in found
        if concerns(statement, ask.action, ask.resource) and holds(statement.get("Condition", {}), context)
    ]


def _name(policy: str, statement: Statement) -> str:
    return f"{policy}/{statement.get('Sid', statement['Effect'])}"


def concerns(statement: Statement, action: str, resource: str) -> bool:
    """Whether the statement speaks of the action on the resource, whatever it says and when."""
    actions = {name: statement[name] for name in ("Action", "NotAction") if name in statement}
    named = statement.get("Resource") or statement["NotResource"]
    probe = IAMPolicyStatement({"Effect": "Allow", **actions, "Resource": named})
    if "NotResource" not in statement:
        return probe.is_action_permitted(action, resource) == PermissionResult.PERMITTED
    anywhere = IAMPolicyStatement({"Effect": "Allow", **actions, "Resource": "*"})
    return (
        anywhere.is_action_permitted(action, resource) == PermissionResult.PERMITTED
        and probe.is_action_permitted(action, resource) != PermissionResult.PERMITTED
    )


def holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """All operators, and all keys of each.

    Source: "IAM JSON policy elements: Condition operators": a key that the request lacks fails an operator, but meets
    its negation and ForAllValues.
    """
    return all(
        _operator_holds(operator, _listed(expected), context.get(key))
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )


def _operator_holds(operator: str, expected: list[str], actual: str | list[str] | None) -> bool:
    if operator == "Null":
        return (actual is None) == (expected == ["true"])
    kind, _, base = operator.rpartition(":")
    if kind not in ("", "ForAllValues"):
        raise UnknownOperator(operator)
    given = [] if actual is None else _listed(actual)
    if kind == "ForAllValues":
        return all(_one_holds(base, expected, value) for value in given)
    if not given:
        return "Not" in base
    return _one_holds(base, expected, given[0])


def _one_holds(base: str, expected: list[str], value: str) -> bool:
    if base in ("StringEquals", "Bool"):
        return value in expected
    if base == "StringNotEquals":
        return value not in expected
    if base in ("StringLike", "ArnLike", "ArnEquals"):
        return any(matches(pattern, value) for pattern in expected)
    if base == "ArnNotEquals":
        return not any(matches(pattern, value) for pattern in expected)
    raise UnknownOperator(base)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
