"""pipeline_freshness is a log: a row a refresh, of what the live beat counted since the last, whatever is rebuilt."""

from infra.local import athena_client
from tests.integration.histories import History
from tests.integration.marts import KEYS, Marts

MODELS = (*KEYS, "pipeline_freshness")


def test_freshness_goes_on_over_a_full_refresh(marts: Marts) -> None:
    history = History(7)
    marts.begin(history)
    marts.refresh("all", MODELS)
    history.pass_time(2)
    marts.append(history.batch(20))
    marts.refresh("all", MODELS, "--full-refresh")
    marts.refresh("live", MODELS)
    logged = athena_client.query(
        "select raw_count, new_count, raw_count - accepted_count - rejected_count from pipeline_freshness "
        "order by refreshed_ts",
        database=marts.schema,
    )
    assert logged == [["60", "60", "0"], ["80", "20", "0"], ["80", "0", "0"]]
    accepted = athena_client.query(
        "select accepted_count from pipeline_freshness order by refreshed_ts desc limit 1", database=marts.schema
    )
    assert accepted == [[str(len(history.accepted()))]]
