"""Run `terraform` with the provider that this machine has.

Needs `terraform` and the AWS provider: from the folder that TELCOPULSE_TF_PLUGIN_DIR names, the registry or one of the
usual mirror folders; without them a test is left out, or fails when CI_REQUIRES_TERRAFORM=1.
"""

import glob
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TIMEOUT_S = 900
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
HOW_TO_GET = (
    "install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install); the AWS provider comes from "
    "the registry, or from a mirror folder (`terraform providers mirror`) that TELCOPULSE_TF_PLUGIN_DIR names"
)


class TerraformFailed(Exception):
    def __init__(self, arguments: tuple[str, ...], output: str) -> None:
        super().__init__(f"terraform {' '.join(arguments)}: {output[-6000:]}")


@dataclass
class Terraform:
    """`folder`: the root module; `variables`: environment of every call; `init_options`: what initialised it."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    init_options: tuple[str, ...] = ()

    def __call__(self, *arguments: str) -> str:
        """Run a command and return what it printed.

        Raises: TerraformFailed.
        """
        program = shutil.which("terraform")
        if program is None:
            leave_out("there is no `terraform` on PATH")
        done = subprocess.run(
            [str(program), *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise TerraformFailed(arguments, done.stdout + done.stderr)
        return done.stdout

    def initialise(self, *options: str) -> None:
        """`terraform init` with the provider from wherever it is found."""
        named = os.environ.get("TELCOPULSE_TF_PLUGIN_DIR")
        found = [mirror for pattern in MIRRORS for mirror in glob.glob(f"{Path(pattern).expanduser()}/{PROVIDER}")]
        mirrors = [named] if named else [mirror.removesuffix(f"/{PROVIDER}") for mirror in found]
        failures = []
        for option in [*([] if named else [[]]), *([f"-plugin-dir={mirror}"] for mirror in mirrors)]:
            try:
                self("init", "-input=false", *options, *option)
                self.init_options = (*options, *option)
                return
            except TerraformFailed as failure:
                if not any(reason in str(failure) for reason in NOT_INSTALLED):
                    raise
                failures.append(str(failure))
        leave_out(f"the provider can't be installed: {failures}")

    def environment(self) -> dict[str, str]:
        return {
            "TF_CLI_ARGS": "-no-color",
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_REGISTRY_CLIENT_TIMEOUT": "20",
            "TF_REGISTRY_DISCOVERY_RETRY": "0",
            **self.variables,
        }


def leave_out(reason: str) -> None:
    if os.environ.get("CI_REQUIRES_TERRAFORM") == "1":
        pytest.fail(f"CI_REQUIRES_TERRAFORM=1, but {reason}: {HOW_TO_GET}")
    pytest.skip(f"left out: {reason}: {HOW_TO_GET}")
