"""However raw came about and whatever ran in between: marts refreshed step by step equal marts made at once.

TELCOPULSE_HISTORY_SEEDS chooses the histories, e.g. 1-20.
"""

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.integration.histories import History
from tests.integration.marts import INTERMEDIATE, KEYS, OUTAGE_KEYS, Marts

ALL_MODELS = tuple(KEYS)
COUNTS = (INTERMEDIATE,)
ROUNDS = 3
MACROS, MODELS = Path("dbt_project/macros"), Path("dbt_project/models")
# What a careless change of the rule would make of it: file, the text and what stands there then.
PLANTED_BUGS = {
    "one_watermark_for_all_sources": (
        MACROS / "refresh_queries.sql",
        "{% set newest = since.values() | max %}",
        "{% set newest = since.values() | max %}{{ return(['ingest_ts > timestamp ' ~ quoted(newest)]) }}",
    ),
    "only_new_rows_counted": (
        MODELS / f"intermediate/{INTERMEDIATE}.sql",
        "and {{ ingested_since(work) }}",
        "and ingest_ts > (select coalesce(max(newest_ingest_ts), timestamp '1970-01-01 00:00:00') from {{ this }})",
    ),
    "vanished_rows_kept": (MACROS / "refresh.sql", "full outer join (", "left join ("),
    "one_watermark_for_both_beats": (
        MACROS / "refresh_queries.sql",
        "{{ 'not ' if beat == 'late' }}",
        "{{ 'false and not ' if beat == 'late' }}",
    ),
}


def seeds() -> list[int]:
    first, _, last = os.environ.get("TELCOPULSE_HISTORY_SEEDS", "1").partition("-")
    return list(range(int(first), int(last or first) + 1))


def play(marts: Marts, history: History, models: Sequence[str]) -> None:
    """A first build, then rounds of commits of several writers and a refresh of either beat; at last both settle."""
    choose = random.Random(history.seed)
    marts.begin(history, models)
    for number in range(ROUNDS):
        history.pass_time(choose.choice([2, 20, 300]))
        marts.append(history.batch(choose.randrange(5, 40)))
        if choose.random() < 0.6:
            marts.append(history.batch(choose.randrange(5, 20), source=f"s3://files/{number % 2}.jsonl"))
        if choose.random() < 0.6:
            marts.append(history.batch(choose.randrange(5, 20), source="slow's", behind_minutes=60))
        marts.refresh(choose.choice(["live", "live", "late", "all"]), models)
    marts.refresh("live", models)
    marts.refresh("late", models)


@pytest.mark.parametrize("seed", seeds())
def test_step_by_step_equals_at_once(marts: Marts, seed: int) -> None:
    history = History(seed)
    play(marts, history, ALL_MODELS)
    assert marts.counts() == history.buckets()
    assert marts.changed_by_full_refresh() == {}


@pytest.mark.parametrize("seed", seeds())
def test_outages_found_step_by_step_equal_those_found_at_once(marts: Marts, seed: int) -> None:
    """An outage a day, and a file whose old days change only the baselines of later ones; of odd seeds it is erased."""
    history = History(seed)
    models = tuple(OUTAGE_KEYS)
    marts.begin(history, models)
    history.pass_time(1)
    marts.append(history.outage())
    marts.refresh("live", models)
    history.pass_time(26 * 60)
    marts.append(history.batch(20))
    marts.refresh("live", models)
    history.pass_time(1)
    marts.append(history.outage())
    marts.append(history.spread(5, source="s3://files/old.jsonl"))
    marts.refresh("live", models)
    history.pass_time(2)
    marts.append(history.batch(20))
    marts.refresh("live", models)
    marts.refresh("late", models)
    assert marts.rows("outage_incidents")
    if seed % 2:
        # The days of the file are gone, and with them what later ones knew of them.
        marts.raw.delete("source == 's3://files/old.jsonl'")
        marts.refresh("reconcile", models)
    changed = marts.changed_by_full_refresh(models)
    assert changed == {}, changed


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED_BUGS)
def test_the_comparison_finds_a_planted_bug(marts: Marts, project: Path, bug: str) -> None:
    """Prints the first seed whose history shows it."""
    path, right, wrong = PLANTED_BUGS[bug]
    original = (project / path).read_text()
    assert original.count(right) == 1
    (project / path).write_text(original.replace(right, wrong))
    marts.killed()
    try:
        assert found_by(marts, bug), f"{bug}: no seed found it"
    finally:
        (project / path).write_text(original)
        marts.killed()


def found_by(marts: Marts, bug: str) -> bool:
    for seed in range(1, 4):
        history = History(seed)
        play(marts, history, COUNTS)
        if marts.counts() != history.buckets() or marts.changed_by_full_refresh(COUNTS):
            print(f"{bug}: found by seed {seed}")
            return True
    return False
