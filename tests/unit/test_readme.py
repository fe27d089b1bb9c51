"""What the README names exists."""

import re

from infra.local.settings import REPO_ROOT

README = (REPO_ROOT / "README.md").read_text(encoding="utf-8")


def test_every_make_target_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPO_ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)", README))
    assert named
    assert named <= targets


def test_every_file_and_folder_that_it_names_exists() -> None:
    linked = re.findall(r"\]\(([^):]+)\)", README)
    folders = re.findall(r"`((?:glue_streaming|dbt_project|dashboard|infra|tests|docs)/[\w/.]*)`", README)
    assert len(linked) > 3
    assert len(folders) > 5
    missing = [name for name in [*linked, *folders] if not (REPO_ROOT / name).exists()]
    assert missing == []
