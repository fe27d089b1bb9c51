"""Viewers share answers, wait only for what nobody knows, and are never shown what is too old."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.answers import FRESHNESS_S, GRACE_S, LONGEST_S, SLOW_S, WATCHED_S, SharedAnswers
from dashboard.client import QueryError, Row
from dashboard.queries import Query

ONE, SLOW, FRESHNESS = Query("select 1"), Query("select 2", is_slow=True), Query("select 3")


class Athena:
    """Numbers its answers, those of the freshness query by `refresh`; holds them back while `is_quick` is not set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.refresh = 0
        self.asked: list[Query] = []
        self.error: Exception | None = None
        self.is_quick = threading.Event()
        self.is_quick.set()
        self.answers = SharedAnswers(self.ask, FRESHNESS, lambda: self.now)
        self.number(FRESHNESS)
        self.asked.clear()

    def ask(self, query: Query) -> list[Row]:
        self.asked.append(query)
        number = self.refresh if query == FRESHNESS else self.asked.count(query)
        assert self.is_quick.wait(timeout=60)
        if self.error:
            raise self.error
        return [{"number": number}]

    def number(self, query: Query = ONE) -> int:
        (row,) = self.answers.rows(query)
        return int(row["number"])

    def rest(self) -> None:
        """Wait until no answer is under way."""
        while asking := list(self.answers._asking.values()):
            for _, future in asking:
                future.exception(timeout=60)


@pytest.fixture
def athena() -> Athena:
    return Athena()


def test_viewers_that_ask_at_once_share_one_answer(athena: Athena) -> None:
    athena.is_quick.clear()
    with ThreadPoolExecutor(20) as viewers:
        numbers = [viewers.submit(athena.number) for _ in range(20)]
        athena.is_quick.set()
        assert {number.result() for number in numbers} == {1}
    assert athena.asked == [ONE]


@pytest.mark.parametrize(("query", "longest_s"), [(ONE, LONGEST_S), (SLOW, SLOW_S), (FRESHNESS, FRESHNESS_S)])
def test_an_answer_holds_for_its_time_and_is_then_shown_once_more_while_it_is_asked_anew(
    athena: Athena, query: Query, longest_s: float
) -> None:
    before = athena.number(query)
    asked = athena.asked.count(query)
    athena.now = longest_s - 0.1
    assert athena.number(query) == before
    assert athena.asked.count(query) == asked
    athena.now, athena.refresh = longest_s, 1
    athena.is_quick.clear()
    assert (athena.number(query), athena.number(query)) == (before, before)
    athena.is_quick.set()
    athena.rest()
    assert athena.number(query) == before + 1
    assert athena.asked.count(query) == asked + 1


def test_what_is_looked_at_is_asked_anew_as_soon_as_the_marts_were_refreshed(athena: Athena) -> None:
    assert (athena.number(ONE), athena.number(SLOW)) == (1, 1)
    athena.now = FRESHNESS_S
    athena.number(FRESHNESS)
    athena.rest()
    assert (athena.asked.count(ONE), athena.asked.count(SLOW)) == (1, 1)
    athena.now, athena.refresh = 2 * FRESHNESS_S, 1
    athena.number(FRESHNESS)
    athena.rest()
    assert (athena.number(ONE), athena.number(SLOW)) == (2, 1)
    assert (athena.asked.count(ONE), athena.asked.count(SLOW)) == (2, 1)


def test_what_nobody_looks_at_any_more_is_not_asked_for(athena: Athena) -> None:
    athena.number(ONE)
    for refresh in range(1, 10):
        athena.now, athena.refresh = refresh * WATCHED_S / 2, refresh
        athena.number(FRESHNESS)
        athena.rest()
    assert athena.asked.count(FRESHNESS) == 9
    # Once more, for it was looked at shortly before the first refresh.
    assert athena.asked.count(ONE) == 2


def test_an_answer_that_is_too_old_is_waited_for(athena: Athena) -> None:
    assert athena.number() == 1
    athena.now = LONGEST_S + GRACE_S
    assert athena.number() == 2


def test_an_error_is_shown_when_no_answer_is_young_enough_and_asked_again(athena: Athena) -> None:
    athena.error = QueryError("Athena could not answer")
    with pytest.raises(QueryError):
        athena.number()
    athena.error = None
    assert athena.number() == 2
    athena.now = LONGEST_S
    athena.error = QueryError("Athena could not answer")
    assert athena.number() == 2
    athena.rest()
    assert athena.number() == 2
    athena.now = LONGEST_S + GRACE_S
    with pytest.raises(QueryError):
        athena.number()


def test_what_was_changed_is_asked_for_anew_whatever_is_under_way(athena: Athena) -> None:
    assert athena.number() == 1
    athena.now = LONGEST_S
    athena.is_quick.clear()
    assert athena.number() == 1
    athena.answers.forget(ONE)
    athena.is_quick.set()
    assert athena.number() == 3
    athena.rest()
    assert athena.number() == 3


def test_what_a_page_needs_is_asked_for_at_once(athena: Athena) -> None:
    athena.is_quick.clear()
    athena.answers.ahead(ONE, SLOW, ONE)
    athena.is_quick.set()
    assert (athena.number(ONE), athena.number(SLOW)) == (1, 1)
    athena.answers.ahead(ONE, SLOW)
    assert sorted(query.sql for query in athena.asked) == [ONE.sql, SLOW.sql]
