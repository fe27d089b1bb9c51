"""Results used again on request: the same query, not older than the client allows.

Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_ResultReuseByAgeConfiguration.html
"""

import time
from collections.abc import Iterable
from typing import Any

from infra.local.athena.execution import Execution

_DEFAULT_MINUTES = 60


def minutes_asked(configuration: dict[str, Any] | None) -> int | None:
    """ResultReuseConfiguration as the greatest age in minutes; None: run the query."""
    by_age = (configuration or {}).get("ResultReuseByAgeConfiguration") or {}
    return int(by_age.get("MaxAgeInMinutes", _DEFAULT_MINUTES)) if by_age.get("Enabled") else None


def earlier(executions: Iterable[Execution], execution: Execution) -> Execution | None:
    """The newest execution whose result answers `execution`."""
    if execution.reuse_minutes is None or execution.plan.operation != "query":
        return None
    oldest = time.time() - 60 * execution.reuse_minutes
    found = [one for one in executions if _answers(one, execution) and (one.end_time or 0) >= oldest]
    return max(found, key=lambda one: one.end_time or 0, default=None)


def _answers(one: Execution, execution: Execution) -> bool:
    is_same = all(
        getattr(one, name) == getattr(execution, name)
        for name in ("query", "database", "workgroup", "execution_parameters")
    )
    return is_same and one.status == "SUCCEEDED" and not one.is_reuse
