"""What every test gets: protection from the developer's own AWS settings, and a Spark that starts fast."""

import os

import pytest

from tests.own_stack import FAST_START


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No profile, config file or instance role of this machine reaches a test."""
    nothing = tmp_path_factory.mktemp("aws") / "none"
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=str(nothing),
        AWS_SHARED_CREDENTIALS_FILE=str(nothing),
        AWS_EC2_METADATA_DISABLED="true",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION="eu-west-1",
        AWS_DEFAULT_REGION="eu-west-1",
        **FAST_START,
    )
