"""The dbt project as dbt parses it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.programs import run


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("manifest")
    options = ["--profiles-dir", "dbt_project", "--target-path", str(folder), "--log-path", str(folder)]
    run(str(Path(sys.executable).with_name("dbt")), "parse", *options)
    return dict(json.loads((folder / "manifest.json").read_text()))
