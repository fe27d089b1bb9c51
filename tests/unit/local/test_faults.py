"""Faults strike the calls they were asked for, in the same order for the same seed."""

from typing import Any

import pytest

from infra.local import faults
from infra.local.faults import Fault, InvalidFault, Registry


def add(registry: Registry, **given: Any) -> faults.Rule:
    return registry.add(Fault.parse({"service": "kinesis", "code": "InternalFailure", **given}))


def strikes(registry: Registry, calls: int, operation: str = "PutRecords", resource: str = "events") -> list[bool]:
    return [registry.take("kinesis", operation, resource, wildcard=True) is not None for _ in range(calls)]


def test_after_and_times_bound_the_strikes() -> None:
    registry = Registry()
    rule = add(registry, after=2, times=3)
    assert strikes(registry, 7) == [False, False, True, True, True, False, False]
    assert (rule.seen, rule.hits) == (7, 3)


def test_a_seed_decides_which_calls_are_struck() -> None:
    def run(seed: int) -> list[bool]:
        registry = Registry()
        add(registry, probability=0.3, seed=seed)
        return strikes(registry, 200)

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert 30 < sum(run(7)) < 90


def test_other_operations_and_resources_neither_suffer_nor_count() -> None:
    registry = Registry()
    rule = add(registry, operation="PutRecords", resource="events")
    assert not any(strikes(registry, 3, operation="GetRecords") + strikes(registry, 3, resource="other"))
    assert registry.take("glue", "PutRecords", "events") is None
    assert rule.seen == 0
    assert strikes(registry, 1, resource="network-events") == [True]


def test_the_first_rule_that_strikes_decides() -> None:
    registry = Registry()
    add(registry, times=1)
    add(registry, action="throttle", code="")
    codes = [rule.fault.code for _ in range(2) if (rule := registry.take("kinesis", "PutRecords", wildcard=True))]
    assert codes == ["InternalFailure", "ProvisionedThroughputExceededException"]


def test_code_inside_the_server_is_struck_by_name_only() -> None:
    faults.REGISTRY.remove()
    try:
        faults.REGISTRY.add(Fault.parse({"service": "athena", "code": "InternalServerException"}))
        assert faults.take("athena", "OPTIMIZE", "marts.areas") is None
        faults.REGISTRY.add(
            Fault.parse({"service": "athena", "operation": "OPTIMIZE", "code": "MORE_RUNS", "times": 1})
        )
        struck = faults.take("athena", "OPTIMIZE", "marts.areas")
        assert struck is not None
        assert struck.fault.code == "MORE_RUNS"
        assert faults.take("athena", "OPTIMIZE", "marts.areas") is None
    finally:
        faults.REGISTRY.remove()


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [("s3", "SlowDown", 503), ("athena", "TooManyRequestsException", 400), ("glue", "ThrottlingException", 400)],
)
def test_each_service_throttles_with_its_own_code(service: str, code: str, status: int) -> None:
    fault = Fault.parse({"service": service, "action": "throttle"})
    assert (fault.code, fault.status) == (code, status)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "service"),
        ({"service": "s3"}, "code"),
        ({"service": "s3", "action": "explode"}, "action"),
        ({"service": "s3", "action": "stall"}, "seconds"),
        ({"service": "s3", "code": "X", "probability": 2}, "probability"),
        ({"service": "s3", "code": "X", "times": 0}, "times"),
        ({"service": "s3", "code": "X", "after": True}, "after"),
        ({"service": "s3", "code": "X", "status": 200}, "status"),
        ({"service": "s3", "bucket": "b"}, "bucket"),
    ],
)
def test_a_bad_fault_is_refused_with_the_field_that_is_wrong(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidFault, match=f"^{field}="):
        Fault.parse(given)
