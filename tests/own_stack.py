"""A local AWS of this process's own, for a layer of tests, a chaos run or a bench."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from infra.local import processes, stack
from infra.local.settings import LocalSettings
from infra.local.smoke import on_free_ports
from infra.local.stack import RunningStack

# Spark starts dozens of times for seconds each, and Trino meets most statements for the first time: the optimising
# compiler costs more than it brings (a first build takes 104 CPU seconds of Trino's instead of 176).
FAST_START = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}


@contextmanager
def own_stack(folder: Path, **changes: Any) -> Iterator[RunningStack]:
    """A fresh, empty account on free ports with its state in `folder`; the environment points to it for as long.

    `changes`: fields of LocalSettings that differ from the environment's.
    """
    settings = replace(on_free_ports(LocalSettings.from_env(), folder), **changes)
    with patch.dict(os.environ, settings.environment()):
        running = stack.start(settings, tied_to_us=True)
        assert running.child is not None
        try:
            yield running
        finally:
            processes.stop(running.child)
