"""A full refresh keeps what the marts know of days that raw has forgotten, unless it is told that it may lose them."""

import pytest

from infra.local import athena_client
from tests.integration.histories import History
from tests.integration.marts import INTERMEDIATE, Marts, command

GUARDED = (INTERMEDIATE, "int_arrivals_5min", "rejected_events")


@pytest.fixture
def forgetful(marts: Marts) -> Marts:
    """Marts of four days, the first two of which raw no longer has."""
    history = History(21)
    marts.begin(history, GUARDED)
    for _ in range(3):
        history.pass_time(24 * 60)
        marts.append(history.batch(60))
    marts.refresh("all", GUARDED)
    from_raw(marts, "delete from {} where ingest_ts < timestamp '2026-03-30 00:00:00'")
    return marts


def from_raw(marts: Marts, sql: str) -> None:
    athena_client.query(sql.format(f"{marts.schema.replace('marts', 'raw', 1)}.network_events"))


def test_it_is_refused_where_it_would_lose_days(forgetful: Marts) -> None:
    before = {model: forgetful.rows(model) for model in GUARDED}
    outcome = forgetful.dbt.attempt(*command("all", GUARDED, "--full-refresh"))
    assert set(outcome.failed) == {f"model.telcopulse.{model}" for model in GUARDED}
    for model in GUARDED:
        message = outcome.failed[f"model.telcopulse.{model}"]
        assert f"a full refresh of {model} would lose" in message
        assert "--vars '{full_refresh_may_lose_days: true}'" in message
    assert {model: forgetful.rows(model) for model in GUARDED} == before
    forgetful.make_anew(GUARDED)
    assert all(len(forgetful.rows(model)) < len(before[model]) for model in GUARDED)


def test_an_erasure_of_some_rows_of_a_day_does_not_stop_it(marts: Marts) -> None:
    """It is what an erasure is followed by."""
    history = History(22)
    marts.begin(history, (INTERMEDIATE,))
    before = sum(n for n, _ in marts.counts().values())
    from_raw(marts, "delete from {} where device_id = 'd3'")
    marts.refresh("all", (INTERMEDIATE,), "--full-refresh")
    assert 0 < sum(n for n, _ in marts.counts().values()) < before
