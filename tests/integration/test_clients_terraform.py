"""Terraform's AWS provider, unmodified, applies a little of each service, sees no drift, and destroys it."""

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local import athena_client
from tests.integration.terraform_program import Terraform

CONFIGURATION = Path(__file__).with_name("terraform")


@pytest.fixture
def terraform(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terraform]:
    """`terraform` in a copy of the configuration; what it made is destroyed at the end."""
    variables = {
        "TF_VAR_prefix": f"tf-{uuid.uuid4().hex[:8]}",
        # Every request with its time: what a failed wait waited for.
        "TF_LOG_PROVIDER": "DEBUG",
        "TF_LOG_PATH": str(tmp_path / "provider.log"),
    }
    run = Terraform(Path(shutil.copytree(CONFIGURATION, tmp_path / "root")), variables)
    run.initialise()
    # Not an argument of the fixture: nothing is started for a test that is left out.
    request.getfixturevalue("local_aws")
    yield run
    run("destroy", "-auto-approve", "-input=false")


@pytest.mark.slow
def test_what_is_applied_shows_no_drift_and_is_destroyed(terraform: Terraform) -> None:
    terraform("apply", "-auto-approve", "-input=false")
    planned = terraform("plan", "-input=false", "-detailed-exitcode")
    assert "No changes" in planned
    outputs: dict[str, Any] = json.loads(terraform("output", "-json"))
    database = outputs["raw_database"]["value"]
    assert boto3.client("glue").get_database(Name=database)["Database"]["Name"] == database
    workgroup = outputs["adhoc_workgroup"]["value"]
    assert _answer_of(workgroup) == "1"
    _change_the_cut_off(terraform, workgroup)
    terraform("destroy", "-auto-approve", "-input=false")
    databases = boto3.client("glue").get_databases()["DatabaseList"]
    assert database not in [entry["Name"] for entry in databases]


def _change_the_cut_off(terraform: Terraform, workgroup: str) -> None:
    """A change in place, after which nothing is left to change."""
    changed = "-var=adhoc_cutoff_gb=20"
    applied = terraform("apply", "-auto-approve", "-input=false", changed)
    assert "0 added, 1 changed, 0 destroyed" in applied
    found = boto3.client("athena").get_work_group(WorkGroup=workgroup)["WorkGroup"]
    assert found["Configuration"]["BytesScannedCutoffPerQuery"] == 20 * 1024**3
    assert "No changes" in terraform("plan", "-input=false", "-detailed-exitcode", changed)


def _answer_of(workgroup: str) -> str:
    return str(athena_client.query("select 1", workgroup=workgroup)[0][0])
