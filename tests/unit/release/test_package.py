"""A release's files: the same bytes each time, and nothing in them that does not belong there."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from infra.local.settings import REPO_ROOT
from infra.release import package

IMAGE_LOCKS = {"dashboard": "dashboard/requirements.lock", "refresh": "infra/release/refresh.lock"}


def _all(folder: Path) -> str:
    package.package_job(folder / "job")
    for name in package.CONTEXTS:
        package.package_context(name, folder / "images" / f"{name}.tar")
    package.compile_dbt(folder / "saved_queries", folder / "dbt" / "manifest.json")
    return package.write_checksums(folder)


def _context(name: str, folder: Path) -> dict[str, bytes]:
    package.package_context(name, folder / "context.tar")
    with tarfile.open(folder / "context.tar") as context:
        return {entry.name: context.extractfile(entry).read() for entry in context}  # type: ignore[union-attr]


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;]+)", (REPO_ROOT / lock).read_text(), re.MULTILINE))


def test_packaging_twice_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _all(tmp_path / "1")
    monkeypatch.setenv("TELCOPULSE_MARTS_SCHEMA", "of_another_shell")
    assert first == _all(tmp_path / "2")
    assert len(first.splitlines()) > 8


def test_the_time_and_mode_of_a_file_do_not_change_the_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package.package_context("dashboard", tmp_path / "1.tar")
    copy = tmp_path / "copy"
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(copy)], cwd=REPO_ROOT, check=True)
    try:
        for path in package.context_files("dashboard").values():
            # The index may be ahead of the commit: what is compared is the same content under other times.
            target = copy / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((REPO_ROOT / path).read_bytes())
            target.chmod(0o755)
        subprocess.run(["git", "add", "--all"], cwd=copy, check=True)
        monkeypatch.setattr(package, "REPO_ROOT", copy)
        package.package_context("dashboard", tmp_path / "2.tar")
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(copy)], cwd=REPO_ROOT, check=True)
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()


def test_the_dashboards_image_holds_the_dashboard_only(tmp_path: Path) -> None:
    names = set(_context("dashboard", tmp_path))
    assert {"Dockerfile", "dashboard/app.py", "dashboard/health.py", ".streamlit/config.toml"} <= names
    assert {name.split("/")[0] for name in names} == {"Dockerfile", "dashboard", ".streamlit"}


def test_the_refresh_loops_image_holds_the_dbt_project_only(tmp_path: Path) -> None:
    names = set(_context("refresh", tmp_path))
    assert {"Dockerfile", "dbt_project.yml", "dbt_project/refresh.py", "dbt_project/profiles.yml"} <= names
    others = {name for name in names if not name.startswith("dbt_project/")}
    assert others == {"Dockerfile", "dbt_project.yml", "infra/release/refresh.lock"}


@pytest.mark.parametrize("name", package.CONTEXTS)
def test_what_a_dockerfile_copies_is_in_its_context(name: str, tmp_path: Path) -> None:
    context = _context(name, tmp_path)
    dockerfile = context["Dockerfile"].decode()
    sources = [line.split()[1] for line in dockerfile.splitlines() if line.startswith("COPY")]
    assert len(sources) == 3
    for source in sources:
        assert any(path == source or path.startswith(f"{source}/") for path in context), source


@pytest.mark.parametrize("name", package.CONTEXTS)
def test_an_image_is_pinned_and_runs_as_nobody(name: str) -> None:
    dockerfile = (REPO_ROOT / package.CONTEXTS[name][0]).read_text()
    # No default: a build without a digest fails.
    assert re.search(r"^ARG PYTHON_IMAGE$", dockerfile, re.MULTILINE)
    assert re.findall(r"^FROM (.+)$", dockerfile, re.MULTILINE) == ["${PYTHON_IMAGE}"]
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in dockerfile


@pytest.mark.parametrize("name", package.CONTEXTS)
def test_an_images_versions_are_those_that_are_tested(name: str) -> None:
    of_image, tested = _pins(IMAGE_LOCKS[name]), _pins("requirements.lock")
    assert len(of_image) > 30
    assert {package: version for package, version in of_image.items() if tested.get(package) != version} == {}
    assert {"pyspark", "moto", "pytest"}.isdisjoint(of_image)


def test_the_jobs_archive_can_be_imported_by_itself(tmp_path: Path) -> None:
    package.package_job(tmp_path / "job")
    done = subprocess.run(
        [sys.executable, "job.py", "--table", "raw"],
        cwd=tmp_path / "job",
        env={"PYTHONPATH": "glue_streaming.zip", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "required" in done.stderr


def test_saved_queries_name_tables_and_nothing_of_jinja(tmp_path: Path) -> None:
    package.compile_dbt(tmp_path / "saved_queries", tmp_path / "manifest.json")
    texts = {path.stem: path.read_text() for path in (tmp_path / "saved_queries").iterdir()}
    assert set(texts) == {path.stem for path in (REPO_ROOT / "dbt_project" / "analyses").glob("*.sql")}
    assert [name for name, text in texts.items() if "{{" in text or '"marts"."' not in text] == []
