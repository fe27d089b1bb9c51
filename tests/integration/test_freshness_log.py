"""pipeline_freshness is a log: a row a refresh, of what has come to stand in the live marts since the last."""

from contextlib import suppress

import pytest
from pyiceberg.exceptions import NoSuchTableError

from infra.local import athena_client
from tests.integration.histories import History
from tests.integration.marts import KEYS, OUTAGE_KEYS, Marts

KPIS = (*KEYS, "pipeline_freshness")
OUTAGES = tuple(model for model in OUTAGE_KEYS if model != "outage_minutes")
MODELS = (*KPIS, *OUTAGES)


@pytest.fixture(autouse=True)
def nothing_logged(marts: Marts) -> None:
    """A full refresh keeps the log, and what others of these marts' tests wrote with it."""
    with suppress(NoSuchTableError):
        marts.drop("pipeline_freshness")


def logged(marts: Marts) -> list[list[str | None]]:
    """Of each refresh, in order: all records, the new ones, those that are neither accepted nor rejected."""
    return athena_client.query(
        "select raw_count, new_count, raw_count - accepted_count - rejected_count from pipeline_freshness "
        "order by refreshed_ts",
        database=marts.schema,
    )


def test_freshness_goes_on_over_a_full_refresh(marts: Marts) -> None:
    history = History(7)
    marts.begin(history, (*KEYS, *OUTAGES))
    marts.refresh("all", MODELS)
    history.pass_time(2)
    marts.append(history.batch(20))
    marts.refresh("all", MODELS, "--full-refresh")
    marts.refresh("live", MODELS)
    assert logged(marts) == [["60", "60", "0"], ["80", "20", "0"], ["80", "0", "0"]]
    accepted = athena_client.query(
        "select accepted_count from pipeline_freshness order by refreshed_ts desc limit 1", database=marts.schema
    )
    assert accepted == [[str(len(history.accepted()))]]


@pytest.mark.slow
def test_what_the_outages_do_not_show_yet_is_not_said_to_be_shown(marts: Marts) -> None:
    """They are refreshed in runs of their own, of which one may end halfway."""
    history = History(8)
    marts.begin(history, MODELS)
    history.pass_time(2)
    marts.append(history.batch(20))
    marts.refresh("live", KPIS)
    marts.refresh("live", OUTAGES[:2])
    marts.refresh("live", KPIS)
    marts.refresh("live", OUTAGES)
    marts.refresh("live", KPIS)
    assert logged(marts) == [["60", "60", "0"], ["60", "0", "0"], ["60", "0", "0"], ["80", "20", "0"]]
