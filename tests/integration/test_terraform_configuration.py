"""infra/terraform by itself: format, validity, and the rules of its own tests with a mocked provider."""

import re
import shutil
from pathlib import Path

import pytest

from infra.local.settings import REPO_ROOT
from infra.release.package import compile_dbt
from tests.integration.terraform_program import Terraform

CONFIGURATION = REPO_ROOT / "infra" / "terraform"


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    folder = Path(tmp_path_factory.mktemp("configuration"))
    ignored = shutil.ignore_patterns(".terraform")
    run = Terraform(Path(shutil.copytree(CONFIGURATION, folder / "infra" / "terraform", ignore=ignored)))
    run.initialise("-backend=false")
    compile_dbt(folder / "build" / "saved_queries", folder / "build" / "dbt" / "manifest.json")
    return run


def test_it_is_formatted(terraform: Terraform) -> None:
    assert terraform("fmt", "-check", "-diff", "-recursive") == ""


def test_it_is_valid(terraform: Terraform) -> None:
    assert "The configuration is valid" in terraform("validate")


def test_its_rules_hold(terraform: Terraform) -> None:
    said = terraform("test")
    rules = sum(path.read_text().count("\nrun ") for path in (CONFIGURATION / "tests").glob("*.tftest.hcl"))
    passed = re.search(r"Success! (\d+) passed, 0 failed", said)
    assert passed
    assert int(passed[1]) == rules > 0
    print(said)


def test_every_variable_says_what_it_is_and_refuses_what_it_is_not() -> None:
    blocks = [
        (path.name, block)
        for path in CONFIGURATION.glob("variables*.tf")
        for block in re.findall(r'^variable "\w+" \{.*?^\}', path.read_text(), re.MULTILINE | re.DOTALL)
    ]
    assert len(blocks) > 15
    for file, block in blocks:
        name = block.split('"')[1]
        assert "description" in block, (file, name)
        assert "type " in block, (file, name)
        assert "validation" in block or re.search(r"type\s+= bool", block), (file, name)
