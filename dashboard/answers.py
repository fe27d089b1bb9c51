"""Answers of Athena that all viewers of a process share, so that its load doesn't grow with them.

Marts change when a refresh has ended, and the freshness query knows: an answer holds until that names a newer one. A
viewer is never kept waiting for what is known: an answer that holds no more is shown once more while it is asked for
anew in the background, unless it is so old that it would mislead.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dashboard.client import Row
from dashboard.queries import Query

# How long the answer of the freshness query holds, about the time between two looks of a page; any other one at most,
# for some say "the last 24 hours"; and one that changes seldom.
FRESHNESS_S, LONGEST_S, SLOW_S = 9.0, 60.0, 120.0
# How much longer an answer may be shown while a newer one is asked for.
GRACE_S = 45.0
# What somebody has looked at so lately is asked for as soon as it holds no more.
WATCHED_S = 30.0
# More at once would make an engine on two cores time out.
_THREADS = 4

log = logging.getLogger("telcopulse.dashboard")


@dataclass
class _Answer:
    query: Query
    rows: list[Row]
    asked_at: float
    # The newest refresh that was known when it was asked for.
    refresh: Any
    watched_at: float


class SharedAnswers:
    """`freshness`: the query whose answer changes with each refresh of the marts."""

    def __init__(
        self, ask: Callable[[Query], list[Row]], freshness: Query, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._freshness = freshness
        self._refresh: Any = None
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: dict[Hashable, _Answer] = {}
        # A ticket tells an answer that is still wanted from one that was forgotten.
        self._asking: dict[Hashable, tuple[object, Future[list[Row]]]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="athena")

    def rows(self, query: Query) -> list[Row]:
        """Raises: QueryError: Athena could not answer, and no answer is young enough to be shown."""
        found = self._look(query)
        return found.result() if isinstance(found, Future) else found

    def known(self, query: Query) -> list[Row] | None:
        """The answer that may be shown without waiting; what is missing or holds no more is asked for meanwhile."""
        found = self._look(query)
        return None if isinstance(found, Future) else found

    def ahead(self, *queries: Query) -> None:
        """Begin to ask for what will be needed, all at once."""
        with self._lock:
            now = self._clock()
            for query in queries:
                known = self._answers.get(_key(query))
                if not (known and self._holds(known, now)):
                    self._start(_key(query), query, now)

    def forget(self, query: Query) -> None:
        """Ask anew for what was just changed; an answer that is under way may be from before."""
        with self._lock:
            self._answers.pop(_key(query), None)
            self._asking.pop(_key(query), None)

    def _look(self, query: Query) -> list[Row] | Future[list[Row]]:
        key = _key(query)
        with self._lock:
            now, known = self._clock(), self._answers.get(key)
            if known:
                known.watched_at = now
                if self._holds(known, now):
                    return known.rows
            asking = self._start(key, query, now)
            return known.rows if known and self._is_fit(known, now) else asking

    def _holds(self, answer: _Answer, now: float) -> bool:
        is_timed = answer.query == self._freshness or answer.query.is_slow
        is_current = is_timed or answer.refresh == self._refresh
        return is_current and now - answer.asked_at < self._longest_s(answer.query)

    def _is_fit(self, answer: _Answer, now: float) -> bool:
        return now - answer.asked_at < self._longest_s(answer.query) + GRACE_S

    def _longest_s(self, query: Query) -> float:
        if query == self._freshness:
            return FRESHNESS_S
        return SLOW_S if query.is_slow else LONGEST_S

    def _start(self, key: Hashable, query: Query, now: float) -> Future[list[Row]]:
        if key not in self._asking:
            ticket = object()
            self._asking[key] = ticket, self._threads.submit(self._answer, key, ticket, query, now, self._refresh)
        return self._asking[key][1]

    def _answer(self, key: Hashable, ticket: object, query: Query, asked_at: float, refresh: Any) -> list[Row]:
        try:
            rows = self._ask(query)
        except Exception as error:
            log.warning("event=query_failed error=%s", error)
            with self._lock:
                self._end(key, ticket)
            raise
        with self._lock:
            if self._end(key, ticket):
                self._keep(key, query, rows, asked_at, refresh)
        return rows

    def _end(self, key: Hashable, ticket: object) -> bool:
        """Whether the answer is still wanted."""
        is_wanted = key in self._asking and self._asking[key][0] is ticket
        if is_wanted:
            del self._asking[key]
        return is_wanted

    def _keep(self, key: Hashable, query: Query, rows: list[Row], asked_at: float, refresh: Any) -> None:
        now, known = self._clock(), self._answers.get(key)
        self._answers = {other: answer for other, answer in self._answers.items() if self._is_fit(answer, now)}
        self._answers[key] = _Answer(query, rows, asked_at, refresh, known.watched_at if known else now)
        if query == self._freshness:
            self._noticed(rows, now)

    def _noticed(self, refresh: Any, now: float) -> None:
        """Ask anew for what is looked at when the marts were refreshed."""
        if refresh == self._refresh:
            return
        self._refresh = refresh
        for key, answer in self._answers.items():
            if now - answer.watched_at < WATCHED_S and not self._holds(answer, now):
                self._start(key, answer.query, now)


def _key(query: Query) -> Hashable:
    return query.sql, tuple(sorted(query.parameters.items()))
