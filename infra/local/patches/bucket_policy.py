"""S3 bucket policies: a statement with a condition is not a statement about everybody."""

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models


def install() -> None:
    models.FakeBucket.get_permission = _get_permission


def unconditional(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy without its conditional statements."""
    statements = policy["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return {**policy, "Statement": [statement for statement in listed if not statement.get("Condition")]}


def _get_permission(self: models.FakeBucket, action: str, resource: str) -> PermissionResult:
    """Enforce what a bucket policy says without a condition.

    Moto denies everything when a statement has a condition that it does not know, such as the usual
    `Deny … Bool aws:SecureTransport = false`, which no request to AWS by TLS meets. Loopback stands for TLS and for the
    account's own network here, and nobody's identity is checked, so conditional statements are kept and not enforced.
    Source: IAM user guide, "IAM JSON policy elements: Condition": a statement is in effect when its condition is true.
    """
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = unconditional(json.loads(self.policy))
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)
