"""One local AWS for all integration tests; tests keep apart by names of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.settings import LocalSettings
from tests.own_stack import own_stack


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSettings]:
    """A fresh, empty account on free ports; AWS_ENDPOINT_URL and the rest of the environment point to it."""
    with own_stack(Path(tmp_path_factory.mktemp("local-aws"))) as running:
        yield running.settings
