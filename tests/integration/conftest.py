"""One local AWS for all integration tests; tests keep apart by names of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.settings import LocalSettings
from tests.integration.marts import Marts, marts_of
from tests.own_stack import own_stack
from tests.warm_dbt import copy_project


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSettings]:
    """A fresh, empty account on free ports; AWS_ENDPOINT_URL and the rest of the environment point to it."""
    with own_stack(Path(tmp_path_factory.mktemp("local-aws"))) as running:
        yield running.settings


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project in a folder of its own, to be edited; who edits it puts back what was there."""
    return copy_project(tmp_path_factory.mktemp("dbt") / "project")


@pytest.fixture(scope="session")
def kept_marts(local_aws: LocalSettings, project: Path) -> Iterator[Marts]:
    with marts_of(local_aws.endpoint_url, "rule", project) as found:
        yield found


@pytest.fixture
def marts(kept_marts: Marts) -> Iterator[Marts]:
    yield kept_marts
    if kept_marts.dbt.is_busy:
        kept_marts.killed()
