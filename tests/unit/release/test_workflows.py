"""The workflows call what there is, and give nobody more than they need."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.settings import REPO_ROOT

WORKFLOWS = sorted((REPO_ROOT / ".github" / "workflows").glob("*.yml"))


def _jobs(path: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return jobs


def test_there_are_three() -> None:
    assert [path.stem for path in WORKFLOWS] == ["ci", "dbt", "release"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_step_is_a_script_or_a_target_that_there_is(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPO_ROOT / "Makefile").read_text(), re.MULTILINE))
    steps = [step["run"] for job in _jobs(path).values() for step in job["steps"] if "run" in step]
    assert steps
    for step in steps:
        program, *arguments = step.split()
        assert "\n" not in step.strip(), "more than one command belongs into a script"
        if program == "make":
            assert set(arguments) <= targets
        elif program == "python":
            assert (REPO_ROOT / (arguments[1].replace(".", "/") + ".py")).exists()
        elif program == "pip":
            assert (REPO_ROOT / arguments[-1]).exists()
            assert "--require-hashes" in arguments
        else:
            assert (REPO_ROOT / program).stat().st_mode & 0o100, step


def test_nothing_is_applied_before_it_is_planned_and_approved() -> None:
    jobs = _jobs(REPO_ROOT / ".github" / "workflows" / "release.yml")
    assert jobs["apply"]["needs"] == "plan"
    assert jobs["plan"]["needs"] == "build"
    assert jobs["apply"]["environment"] == "release"
    assert [name for name, job in jobs.items() if "apply.sh" in str(job)] == ["apply"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_reads_the_repository_and_no_secret(path: Path) -> None:
    permissions = yaml.safe_load(path.read_text())["permissions"]
    assert permissions == {"contents": "read"} | ({} if path.stem == "ci" else {"id-token": "write"})
    assert "secrets." not in path.read_text()
