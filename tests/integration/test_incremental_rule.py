"""However raw came about and whatever ran in between: marts refreshed step by step equal marts made at once.

TELCOPULSE_HISTORY_SEEDS chooses the histories, e.g. 1-20.
"""

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.histories import History
from tests.integration.marts import INTERMEDIATE, KEYS, OUTAGE_KEYS, Marts

ALL_MODELS = tuple(KEYS)
COUNTS = (INTERMEDIATE,)
OUTAGES = tuple(OUTAGE_KEYS)
ROUNDS = 3
MACROS, MODELS = Path("dbt_project/macros"), Path("dbt_project/models")


class Planted(NamedTuple):
    """What a careless change would make of the rule: `wrong` stands where the file has `right`."""

    path: Path
    right: str
    wrong: str
    is_seen: Callable[[Marts, History], bool]


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


def play_outages(marts: Marts, history: History) -> None:
    """An outage a day, and a file whose old days change only the baselines of later ones; of odd seeds it is erased."""
    marts.begin(history, OUTAGES)
    history.pass_time(1)
    marts.append(history.outage())
    marts.refresh("live", OUTAGES)
    history.pass_time(26 * 60)
    marts.append(history.batch(20))
    marts.refresh("live", OUTAGES)
    history.pass_time(1)
    marts.append(history.outage())
    marts.append(history.spread(5, source="s3://files/old.jsonl"))
    marts.refresh("live", OUTAGES)
    history.pass_time(2)
    marts.append(history.batch(20))
    marts.refresh("live", OUTAGES)
    marts.refresh("late", OUTAGES)
    if history.seed % 2:
        # The days of the file are gone, and with them what later ones knew of them.
        marts.raw.delete("source == 's3://files/old.jsonl'")
        marts.refresh("reconcile", OUTAGES)


@pytest.mark.parametrize("seed", seeds())
def test_outages_found_step_by_step_equal_those_found_at_once(marts: Marts, seed: int) -> None:
    play_outages(marts, History(seed))
    assert marts.rows("outage_incidents")
    changed = marts.changed_by_full_refresh(OUTAGES)
    assert changed == {}, changed


def miscounted(marts: Marts, history: History) -> bool:
    play(marts, history, COUNTS)
    return marts.counts() != history.buckets() or bool(marts.changed_by_full_refresh(COUNTS))


def misjudged(marts: Marts, history: History) -> bool:
    play_outages(marts, history)
    return bool(marts.changed_by_full_refresh(OUTAGES))


PLANTED_BUGS = {
    "one_watermark_for_all_sources": Planted(
        MACROS / "refresh_queries.sql",
        "{% set newest = since.values() | max %}",
        "{% set newest = since.values() | max %}{{ return(['ingest_ts > timestamp ' ~ quoted(newest)]) }}",
        miscounted,
    ),
    "only_new_rows_counted": Planted(
        MODELS / f"intermediate/{INTERMEDIATE}.sql",
        "and {{ ingested_since(work) }}",
        "and ingest_ts > (select coalesce(max(newest_ingest_ts), timestamp '1970-01-01 00:00:00') from {{ this }})",
        miscounted,
    ),
    "vanished_rows_kept": Planted(MACROS / "refresh.sql", "full outer join (", "left join (", miscounted),
    "one_watermark_for_both_beats": Planted(
        MACROS / "refresh_queries.sql",
        "{{ 'not ' if beat == 'late' }}",
        "{{ 'false and not ' if beat == 'late' }}",
        miscounted,
    ),
    "days_with_new_rows_taken_for_unchanged": Planted(
        MACROS / "refresh.sql",
        "{% if day_from in behind and not is_behind_one_of(day_from, touched, days_after) %}",
        "{% if day_from in behind %}",
        misjudged,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED_BUGS)
def test_the_comparison_finds_a_planted_bug(marts: Marts, project: Path, bug: str) -> None:
    """Prints the first seed whose history shows it."""
    path, right, wrong, is_seen = PLANTED_BUGS[bug]
    original = (project / path).read_text()
    assert original.count(right) == 1
    (project / path).write_text(original.replace(right, wrong))
    marts.killed()
    try:
        seed = next((seed for seed in range(1, 4) if is_seen(marts, History(seed))), None)
        assert seed, f"{bug}: no seed found it"
        print(f"{bug}: found by seed {seed}")
    finally:
        (project / path).write_text(original)
        marts.killed()
