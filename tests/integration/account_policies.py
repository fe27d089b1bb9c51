"""The account's policies as Terraform rendered them, with a name in place of each id that AWS gives out."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.access import ENDPOINT, NAME

Resource = Mapping[str, Any]


def rendered(resources: Iterable[Resource]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Statements by role, bucket and endpoint; `resources`: of the state, as `terraform show -json` tells them."""
    found = list(resources)
    names = _names(found)
    roles: dict[str, list[dict[str, Any]]] = {}
    for resource in _of(found, "aws_iam_role_policy"):
        role = resource["values"]["role"].removeprefix(f"{NAME}-")
        roles.setdefault(role, []).extend(_statements(resource["values"]["policy"], names))
    for resource in _of(found, "aws_iam_policy"):
        role = resource["values"]["name"].removeprefix(f"{NAME}-")
        roles[role] = _statements(resource["values"]["policy"], names)
    buckets = {
        resource["index"]: _statements(resource["values"]["policy"], names)
        for resource in _of(found, "aws_s3_bucket_policy")
    }
    endpoints = {
        resource["name"]: _statements(resource["values"]["policy"], names)
        for resource in _of(found, "aws_vpc_endpoint")
        if resource["name"] == "s3"
    }
    return {"roles": dict(sorted(roles.items())), "buckets": dict(sorted(buckets.items())), "endpoints": endpoints}


def _of(resources: Iterable[Resource], kind: str) -> list[Resource]:
    return [resource for resource in resources if resource["type"] == kind]


def _names(resources: list[Resource]) -> dict[str, str]:
    """{id: what stands for it}."""
    found = {resource["values"]["key_id"]: str(resource["index"]) for resource in _of(resources, "aws_kms_key")}
    for resource in _of(resources, "aws_vpc_endpoint"):
        if resource["name"] == "s3":
            found[resource["values"]["id"]] = ENDPOINT
    for kind in ("aws_subnet", "aws_security_group"):
        for resource in _of(resources, kind):
            found[resource["values"]["id"]] = f"{resource['name']}-{resource.get('index', '')}".rstrip("-")
    return found


def _statements(policy: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    for given, name in names.items():
        policy = policy.replace(given, name)
    return [_ordered(statement) for statement in json.loads(policy)["Statement"]]


def _ordered(part: Any) -> Any:
    """A part of a policy with its lists sorted: their order has no meaning, and Terraform orders by id, not by name."""
    if isinstance(part, dict):
        return {key: _ordered(value) for key, value in part.items()}
    return sorted(part) if isinstance(part, list) else part
