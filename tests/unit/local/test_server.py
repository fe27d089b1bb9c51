"""The account outlives an engine that does not come up again."""

from pathlib import Path

import pytest

from infra.local import server
from infra.local.processes import NotReady


class BrokenEngine:
    """Never ready twice, then well; dead whenever it was stopped."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.starts = 0
        self.lives = False

    def start(self) -> None:
        self.starts += 1
        self.lives = True

    def wait(self) -> None:
        if self.starts < 3:
            raise NotReady("Trino", 1, self.log)

    def stop(self) -> None:
        self.lives = False

    def is_alive(self) -> bool:
        return self.lives


def test_a_restart_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = BrokenEngine(tmp_path / "trino.log")
    looks = iter(range(6))
    monkeypatch.setattr(server.time, "sleep", lambda seconds: next(looks))
    with pytest.raises(StopIteration):
        server._watch(engine)
    assert (engine.starts, engine.lives) == (3, True)
