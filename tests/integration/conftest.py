"""One local AWS for all integration tests; tests keep apart by names of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import processes, stack
from infra.local.settings import LocalSettings
from infra.local.smoke import on_free_ports


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSettings]:
    """A fresh, empty account on free ports; AWS_ENDPOINT_URL and the rest of the environment point to it."""
    state = tmp_path_factory.mktemp("local-aws")
    settings = on_free_ports(LocalSettings.from_env(), Path(state))
    os.environ.update(settings.environment())
    running = stack.start(settings, tied_to_us=True)
    assert running.child is not None
    yield settings
    processes.stop(running.child)
