"""Answers of Athena that all viewers of a process share, so that its load doesn't grow with them.

A viewer is never kept waiting for what is known: an answer that is old enough to be asked for again is shown once more
while that is done in the background, unless it is so old that it would mislead.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from dashboard.client import QueryError, Row
from dashboard.queries import Query

# About the time between two refreshes of a page.
FRESH_S, SLOW_FRESH_S = 14.0, 120.0
# How much longer an answer may be shown while a newer one is asked for.
GRACE_S = 46.0
_THREADS = 8

log = logging.getLogger("telcopulse.dashboard")


@dataclass(frozen=True)
class _Answer:
    rows: list[Row]
    asked_at: float
    fresh_s: float

    def is_fresh(self, now: float) -> bool:
        return now - self.asked_at < self.fresh_s

    def is_fit(self, now: float) -> bool:
        return now - self.asked_at < self.fresh_s + GRACE_S


class SharedAnswers:
    def __init__(self, ask: Callable[[Query], list[Row]], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        # What is answered at once is noted by the thread that asked.
        self._lock = threading.RLock()
        self._answers: dict[Hashable, _Answer] = {}
        self._asking: dict[Hashable, Future[list[Row]]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="athena")

    def rows(self, query: Query) -> list[Row]:
        """Raises: QueryError: Athena could not answer, and no answer is young enough to be shown."""
        key = _key(query)
        with self._lock:
            now, known = self._clock(), self._answers.get(key)
            if known and known.is_fresh(now):
                return known.rows
            asking = self._start(key, query, now)
            if known and known.is_fit(now):
                return known.rows
        return asking.result()

    def ahead(self, *queries: Query) -> None:
        """Begin to ask for what will be needed, all at once."""
        with self._lock:
            now = self._clock()
            for query in queries:
                known = self._answers.get(_key(query))
                if not (known and known.is_fresh(now)):
                    self._start(_key(query), query, now)

    def forget(self, query: Query) -> None:
        """Ask anew for what was just changed; an answer that is under way may be from before."""
        with self._lock:
            self._answers.pop(_key(query), None)
            self._asking.pop(_key(query), None)

    def _start(self, key: Hashable, query: Query, now: float) -> Future[list[Row]]:
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = self._threads.submit(self._ask, query)
            asking.add_done_callback(partial(self._answered, key, query, now))
        return asking

    def _answered(self, key: Hashable, query: Query, asked_at: float, asked: Future[list[Row]]) -> None:
        with self._lock:
            if self._asking.get(key) is not asked:
                return
            del self._asking[key]
            if error := asked.exception():
                if not isinstance(error, QueryError):
                    log.error("event=query_failed", exc_info=error)
                return
            now = self._clock()
            self._answers = {other: answer for other, answer in self._answers.items() if answer.is_fit(now)}
            fresh_s = SLOW_FRESH_S if query.is_slow else FRESH_S
            self._answers[key] = _Answer(asked.result(), asked_at, fresh_s)


def _key(query: Query) -> Hashable:
    return query.sql, tuple(sorted(query.parameters.items()))
