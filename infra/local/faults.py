"""Faults on request: which calls to the local AWS shall fail, stall, be reset or throttled, and how often they were."""

import logging
import random
import threading
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from infra.local.settings import LocalError

log = logging.getLogger("telcopulse.local.faults")

ACTIONS = ("error", "stall", "reset", "throttle")
MOMENTS = ("before", "after")
ANY = "*"

_THROTTLES = {
    "athena": "TooManyRequestsException",
    "kinesis": "ProvisionedThroughputExceededException",
    "s3": "SlowDown",
}
# Statuses that AWS documents for codes which clients tell apart by status; every other code is a 400.
_STATUSES = {
    "AccessDenied": 403,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerException": 500,
    "InternalServiceException": 500,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "PreconditionFailed": 412,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
}


class InvalidFault(LocalError):
    def __init__(self, name: str, found: object, expected: str) -> None:
        super().__init__(f"{name}={found!r}: expected {expected}")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What shall happen to which calls.

    Columns: `service` is the signing name (s3, kinesis, glue, athena, monitoring, …); `operation` the API's name or
    `*`; `resource` a part of `bucket/key`, stream, `database.table`, or `workgroup SQL`; `seconds` pass first;
    `when="after"` performs the call and then loses its answer; of the matching calls the first `after` pass, each later
    one is struck with `probability`, and after `times` strikes the fault rests.
    """

    service: str
    operation: str = ANY
    resource: str = ""
    action: str = "error"
    code: str = ""
    status: int = 0
    message: str = ""
    seconds: float = 0.0
    when: str = "before"
    probability: float = 1.0
    seed: int = 0
    after: int = 0
    times: int | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Fault":
        """Complete and check what a client sent.

        Raises: InvalidFault: names the field, what it held and what it may hold.
        """
        known = {each.name: each for each in fields(cls)}
        for name, value in given.items():
            if name not in known:
                raise InvalidFault(name, value, f"one of the fields {', '.join(known)}")
            if not _fits(name, value):
                raise InvalidFault(name, value, _EXPECTED[name])
        missing = [name for name, each in known.items() if each.default is MISSING and name not in given]
        if missing:
            raise InvalidFault(missing[0], None, _EXPECTED[missing[0]])
        fault = cls(**given)
        if fault.action == "error" and not fault.code:
            raise InvalidFault("code", fault.code, "the AWS error code to fail with, such as InternalFailure")
        if fault.action == "stall" and not fault.seconds:
            raise InvalidFault("seconds", fault.seconds, "the seconds to stall for")
        return cls(**{**asdict(fault), **_error_of(fault)})

    def matches(self, service: str, operation: str, resource: str, *, wildcard: bool) -> bool:
        named = self.operation == operation or (wildcard and self.operation == ANY)
        return named and self.service == service and self.resource in resource


_EXPECTED = {
    **dict.fromkeys(("service", "operation", "resource", "code", "message"), "a text"),
    "action": f"one of {', '.join(ACTIONS)}",
    "when": f"one of {', '.join(MOMENTS)}",
    "status": "a status from 400 to 599",
    "seconds": "seconds from 0 to 600",
    "probability": "a number from 0 to 1",
    **dict.fromkeys(("seed", "after"), "a whole number from 0"),
    "times": "a whole number from 1, or none for no end",
}


@dataclass(eq=False)
class Rule:
    """A fault and what it has done: `seen` counts matching calls, `hits` those that were struck."""

    id: int
    fault: Fault
    seen: int = 0
    hits: int = 0
    draws: random.Random = field(default_factory=random.Random, repr=False)
    removed: threading.Event = field(default_factory=threading.Event, repr=False)

    def hold(self) -> None:
        """Let the fault's seconds pass, or the time until it is removed."""
        self.removed.wait(self.fault.seconds)

    def strikes(self) -> bool:
        """Count one matching call and decide; the n-th call behind the first `after` meets the n-th draw."""
        self.seen += 1
        if self.seen <= self.fault.after or (self.fault.times is not None and self.hits >= self.fault.times):
            return False
        if self.draws.random() >= self.fault.probability:
            return False
        self.hits += 1
        return True

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "seen": self.seen, "hits": self.hits, **asdict(self.fault)}


class Registry:
    """The rules of one server, in the order they were added; the first that strikes decides."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[int, Rule] = {}
        self._last_id = 0

    def add(self, fault: Fault) -> Rule:
        with self._lock:
            self._last_id += 1
            rule = Rule(self._last_id, fault, draws=random.Random(fault.seed))
            # A new dict, so that `take` may look at the rules without the lock while there are none.
            self._rules = {**self._rules, rule.id: rule}
            return rule

    def remove(self, rule_id: int | None = None) -> list[Rule]:
        """Drop one rule, or all; the answer is what was dropped."""
        with self._lock:
            dropped = [rule for rule in self._rules.values() if rule_id in (None, rule.id)]
            self._rules = {key: rule for key, rule in self._rules.items() if rule not in dropped}
        for rule in dropped:
            rule.removed.set()
        return dropped

    def rules(self) -> list[Rule]:
        return list(self._rules.values())

    def concerns(self, service: str) -> bool:
        return any(rule.fault.service == service for rule in self._rules.values())

    def take(self, service: str, operation: str, resource: str = "", *, wildcard: bool = False) -> Rule | None:
        """The rule that strikes this call, counted; None lets it pass.

        `wildcard`: faults of any operation apply too, as they do to calls that arrive by HTTP.
        """
        if not self._rules:
            return None
        with self._lock:
            for rule in self._rules.values():
                if rule.fault.matches(service, operation, resource, wildcard=wildcard) and rule.strikes():
                    log.info(
                        "event=fault id=%d action=%s service=%s operation=%s resource=%.100r",
                        *(rule.id, rule.fault.action, service, operation, resource),
                    )
                    return rule
        return None


REGISTRY = Registry()


def take(service: str, operation: str, resource: str = "") -> Rule | None:
    """For code inside the server: the rule that strikes this step, if one does. `operation` may be a step's name that
    is no API call (`OPTIMIZE`); faults of any operation (`*`) don't apply."""
    return REGISTRY.take(service, operation, resource)


def _error_of(fault: Fault) -> dict[str, Any]:
    if fault.action not in ("error", "throttle"):
        return {}
    code = fault.code or _THROTTLES.get(fault.service, "ThrottlingException")
    default = "Please reduce your request rate." if code == "SlowDown" else "Rate exceeded"
    message = fault.message or (default if fault.action == "throttle" else f"{code}: asked for by a fault")
    return {"code": code, "status": fault.status or _STATUSES.get(code, 400), "message": message}


def _fits(name: str, value: Any) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_number = is_whole or isinstance(value, float)
    if name in ("action", "when"):
        return value in (ACTIONS if name == "action" else MOMENTS)
    if name in ("seed", "after"):
        return is_whole and value >= 0
    if name == "times":
        return value is None or (is_whole and value >= 1)
    if name == "status":
        return is_whole and 400 <= value <= 599
    if name in ("seconds", "probability"):
        return is_number and 0 <= value <= (600 if name == "seconds" else 1)
    return isinstance(value, str)
