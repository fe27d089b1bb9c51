"""The walk-through docs/add-a-kpi.md can be followed as it stands."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.settings import REPO_ROOT
from tests.warm_dbt import copy_project

PAGE = (REPO_ROOT / "docs" / "add-a-kpi.md").read_text(encoding="utf-8")
COLUMNS = {"beyond_100m_share", "beyond_100m_share_ci_low", "beyond_100m_share_ci_high"}


def test_its_patches_apply_and_the_project_has_the_kpi(tmp_path: Path) -> None:
    copy_project(tmp_path)
    shutil.copytree(REPO_ROOT / "dashboard", tmp_path / "dashboard", ignore=shutil.ignore_patterns("__pycache__"))
    patches = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(patches) == 5
    for patch in patches:
        subprocess.run(["git", "apply", "-"], input=patch, cwd=tmp_path, text=True, check=True)
    options = ["--profiles-dir", "dbt_project", "--target-path", "target", "--log-path", "logs"]
    dbt = Path(sys.executable).with_name("dbt")
    subprocess.run([dbt, "parse", *options], cwd=tmp_path, check=True, capture_output=True)
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text())
    assert set(manifest["nodes"]["model.telcopulse.gps_accuracy"]["columns"]) >= COLUMNS
    assert "unit_test.telcopulse.gps_accuracy.gps_accuracy__beyond_100m__starts_above_100" in manifest["unit_tests"]
    assert set(re.findall(r"beyond_100m\w+", (tmp_path / "dashboard" / "queries.py").read_text())) == COLUMNS


def test_the_models_and_targets_that_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPO_ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {name for line in re.findall(r"^make ([a-z ]+?)  ", PAGE, re.MULTILINE) for name in line.split()} <= targets
    assert (REPO_ROOT / "docs" / "work-on-models.md").exists()
