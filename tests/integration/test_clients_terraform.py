"""Terraform's AWS provider, unmodified, applies what TelcoPulse deploys, sees no drift, and destroys it.

Needs `terraform` and the provider: from the folder that TELCOPULSE_TF_PLUGIN_DIR names, the registry or one of
the usual mirror folders; without them the test is left out, or fails when CI_REQUIRES_TERRAFORM=1.
"""

import glob
import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local import athena_client

CONFIGURATION = Path(__file__).with_name("terraform")
TIMEOUT_S = 600
# Where a mirror of providers usually lies: https://developer.hashicorp.com/terraform/cli/config/config-file
MIRRORS = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "/opt/*",
)
PROVIDER = "registry.terraform.io/hashicorp/aws"
# How `terraform init` says that it has no provider; whatever else it says is about the configuration.
NOT_INSTALLED = ("Failed to query available provider packages", "Failed to install provider")

Terraform = Callable[..., subprocess.CompletedProcess[str]]


class TerraformFailed(Exception):
    def __init__(self, arguments: tuple[str, ...], output: str) -> None:
        super().__init__(f"terraform {' '.join(arguments)}: {output[-6000:]}")


@pytest.fixture
def terraform(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terraform]:
    """`terraform` in a copy of the configuration; what it made is destroyed at the end."""
    program = shutil.which("terraform")
    if program is None:
        _leave_out("there is no `terraform` on PATH")
    folder = shutil.copytree(CONFIGURATION, tmp_path / "root")
    variables = {
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "TF_REGISTRY_CLIENT_TIMEOUT": "20",
        "TF_REGISTRY_DISCOVERY_RETRY": "0",
        "TF_VAR_prefix": f"tf-{uuid.uuid4().hex[:8]}",
        # Every request with its time: what a failed wait waited for.
        "TF_LOG_PROVIDER": "DEBUG",
        "TF_LOG_PATH": str(tmp_path / "provider.log"),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(program), *arguments, "-no-color"],
            cwd=folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise TerraformFailed(arguments, done.stdout + done.stderr)
        return done

    _initialise(run)
    # Not an argument of the fixture: nothing is started for a test that is left out.
    request.getfixturevalue("local_aws")
    yield run
    run("destroy", "-auto-approve", "-input=false")


def test_what_is_applied_shows_no_drift_and_is_destroyed(terraform: Terraform) -> None:
    terraform("apply", "-auto-approve", "-input=false")
    planned = terraform("plan", "-input=false", "-detailed-exitcode")
    assert "No changes" in planned.stdout
    outputs: dict[str, Any] = json.loads(terraform("output", "-json").stdout)
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
    assert "0 added, 1 changed, 0 destroyed" in applied.stdout
    found = boto3.client("athena").get_work_group(WorkGroup=workgroup)["WorkGroup"]
    assert found["Configuration"]["BytesScannedCutoffPerQuery"] == 20 * 1024**3
    assert "No changes" in terraform("plan", "-input=false", "-detailed-exitcode", changed).stdout


def _initialise(run: Terraform) -> None:
    named = os.environ.get("TELCOPULSE_TF_PLUGIN_DIR")
    found = [mirror for pattern in MIRRORS for mirror in glob.glob(f"{Path(pattern).expanduser()}/{PROVIDER}")]
    mirrors = [named] if named else [mirror.removesuffix(f"/{PROVIDER}") for mirror in found]
    failures = []
    for option in [*([] if named else [[]]), *([f"-plugin-dir={mirror}"] for mirror in mirrors)]:
        try:
            run("init", "-input=false", *option)
            return
        except TerraformFailed as failure:
            if not any(reason in str(failure) for reason in NOT_INSTALLED):
                raise
            failures.append(str(failure))
    _leave_out(f"the provider can't be installed: {failures}; TELCOPULSE_TF_PLUGIN_DIR may name a folder that has it")


def _answer_of(workgroup: str) -> str:
    return str(athena_client.query("select 1", workgroup=workgroup)[0][0])


def _leave_out(reason: str) -> None:
    if os.environ.get("CI_REQUIRES_TERRAFORM") == "1":
        pytest.fail(f"CI_REQUIRES_TERRAFORM=1, but {reason}")
    pytest.skip(f"left out: {reason}")
