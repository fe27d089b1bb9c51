"""What ends an execution before its statement does: its user, the time limit, the workgroup's scan cut-off.

Source: the quotas page (a DML query may run 30 minutes, a DDL query 600); the workgroups' data usage controls, whose
cut-off leaves a query CANCELLED with the reason below. That a timeout leaves it FAILED is assumed.
"""

import time
from dataclasses import dataclass, field
from typing import Any

DML_TIMEOUT_S, _DDL_TIMEOUT_S = 30 * 60, 600 * 60


class QueryStopped(Exception):
    """Ends an execution, and the engine's query with it: `state` is the execution's last."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def cancelled_by_user() -> QueryStopped:
    return QueryStopped("CANCELLED", "Query cancelled by user")


@dataclass(frozen=True)
class Limits:
    """One execution's limits.

    Units: `started` in seconds of the monotonic clock.
    """

    timeout_s: float
    scan_bytes: int | None
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, statement_kind: str, scan_bytes: int | None, *, dml_timeout_s: float = DML_TIMEOUT_S) -> "Limits":
        """A DDL or UTILITY statement has ten hours."""
        return cls(dml_timeout_s if statement_kind == "DML" else _DDL_TIMEOUT_S, scan_bytes)

    def exceeded(self, stats: dict[str, Any]) -> QueryStopped | None:
        """The limit that the engine's statistics so far, or the time, have passed."""
        if self.scan_bytes is not None and int(stats.get("physicalInputBytes", 0)) > self.scan_bytes:
            return QueryStopped("CANCELLED", "Bytes scanned limit was exceeded")
        if time.monotonic() - self.started > self.timeout_s:
            return QueryStopped("FAILED", "Query timeout")
        return None
