"""Viewers share answers, wait only for what nobody knows, and are never shown what is too old."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.answers import FRESH_S, GRACE_S, SLOW_FRESH_S, SharedAnswers
from dashboard.client import QueryError, Row
from dashboard.queries import Query

ONE, SLOW = Query("select 1"), Query("select 2", is_slow=True)


class Athena:
    """Numbers its answers; holds them back while `is_quick` is not set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.is_quick = threading.Event()
        self.is_quick.set()
        self.answers = SharedAnswers(self.ask, lambda: self.now)

    def ask(self, query: Query) -> list[Row]:
        self.asked.append(query.sql)
        number = len(self.asked)
        assert self.is_quick.wait(timeout=60)
        if self.error:
            raise self.error
        return [{"number": number}]

    def number(self, query: Query = ONE) -> int:
        (row,) = self.answers.rows(query)
        return int(row["number"])

    def number_after_the_background(self, query: Query = ONE) -> int:
        """What is known when no answer is under way."""
        self.answers._threads.shutdown(wait=True)
        self.answers._threads = ThreadPoolExecutor(8)
        return self.number(query)


@pytest.fixture
def athena() -> Athena:
    return Athena()


def test_viewers_that_ask_at_once_share_one_answer(athena: Athena) -> None:
    athena.is_quick.clear()
    with ThreadPoolExecutor(20) as viewers:
        numbers = [viewers.submit(athena.number) for _ in range(20)]
        athena.is_quick.set()
        assert {number.result() for number in numbers} == {1}
    assert len(athena.asked) == 1


@pytest.mark.parametrize(("query", "fresh_s"), [(ONE, FRESH_S), (SLOW, SLOW_FRESH_S)])
def test_a_fresh_answer_is_not_asked_for_again(athena: Athena, query: Query, fresh_s: float) -> None:
    assert athena.number(query) == 1
    athena.now = fresh_s - 0.1
    assert athena.number(query) == 1
    assert len(athena.asked) == 1


def test_an_answer_that_ages_is_shown_once_more_while_a_newer_one_is_asked_for(athena: Athena) -> None:
    assert athena.number() == 1
    athena.now = FRESH_S
    athena.is_quick.clear()
    assert athena.number() == 1
    assert athena.number() == 1
    athena.is_quick.set()
    assert athena.number_after_the_background() == 2
    assert len(athena.asked) == 2


def test_an_answer_that_is_too_old_is_waited_for(athena: Athena) -> None:
    assert athena.number() == 1
    athena.now = FRESH_S + GRACE_S
    assert athena.number() == 2


def test_an_error_is_shown_when_no_answer_is_young_enough_and_asked_again(athena: Athena) -> None:
    athena.error = QueryError("Athena could not answer")
    with pytest.raises(QueryError):
        athena.number()
    athena.error = None
    assert athena.number() == 2
    athena.now = FRESH_S
    athena.error = QueryError("Athena could not answer")
    assert athena.number() == 2
    assert athena.number_after_the_background() == 2
    athena.now = FRESH_S + GRACE_S
    with pytest.raises(QueryError):
        athena.number()


def test_what_was_changed_is_asked_for_anew_whatever_is_under_way(athena: Athena) -> None:
    assert athena.number() == 1
    athena.now = FRESH_S
    athena.is_quick.clear()
    assert athena.number() == 1
    athena.answers.forget(ONE)
    athena.is_quick.set()
    assert athena.number() == 3
    assert athena.number_after_the_background() == 3


def test_what_a_page_needs_is_asked_for_at_once(athena: Athena) -> None:
    athena.is_quick.clear()
    athena.answers.ahead(ONE, SLOW, ONE)
    athena.is_quick.set()
    assert {athena.number(ONE), athena.number(SLOW)} == {1, 2}
    athena.answers.ahead(ONE, SLOW)
    assert len(athena.asked) == 2
