"""What docs/deploy.md tells a person to use is there."""

import re

from infra.local.settings import REPO_ROOT

TEXT = (REPO_ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
TERRAFORM = "\n".join(path.read_text() for path in (REPO_ROOT / "infra" / "terraform").glob("*.tf"))
WORKFLOWS = "\n".join(path.read_text() for path in (REPO_ROOT / ".github" / "workflows").glob("*.yml"))


def test_every_script_that_it_names_is_there() -> None:
    named = set(re.findall(r"[a-z_]+\.sh\b", TEXT))
    assert named == {"bootstrap.sh", "plan.sh", "apply.sh", "upload.sh", "build_images.sh", "restart_stream.sh"}
    assert [name for name in named if not (REPO_ROOT / "infra" / "release" / name).exists()] == []


def test_every_variable_of_terraform_that_it_names_is_there() -> None:
    known = set(re.findall(r'^variable "(\w+)"', TERRAFORM, re.MULTILINE))
    named = set(re.findall(r"TF_VAR_([a-z_]+)", TEXT + WORKFLOWS))
    assert len(named) == 5
    assert named <= known


def test_whatever_has_no_default_and_is_an_accounts_own_is_named() -> None:
    blocks = re.findall(r'^variable "(\w+)" \{(.*?)^\}', TERRAFORM, re.MULTILINE | re.DOTALL)
    required = {name for name, block in blocks if not re.search(r"^  default ", block, re.MULTILINE)}
    in_files = set(
        re.findall(r"^(\w+)", (REPO_ROOT / "infra/terraform/environments/prod.tfvars").read_text(), re.MULTILINE)
    )
    assert required - in_files == {"release", "github_repository", "certificate_arn", "alarm_emails"}
    assert [name for name in required - in_files if f"TF_VAR_{name}" not in TEXT] == []


def test_every_output_that_it_names_is_there() -> None:
    known = set(re.findall(r'^output "(\w+)"', TERRAFORM, re.MULTILINE))
    named = set(re.findall(r"terraform output -\w+ (\w+)|outputs? `(\w+)`", TEXT))
    names = {first or second for first, second in named}
    assert {"buckets", "repositories", "stream_name", "roles", "dashboard_address"} <= names
    assert names <= known


def test_every_variable_of_the_workflows_is_explained() -> None:
    used = set(re.findall(r"vars\.([A-Z_]+)", WORKFLOWS))
    explained = set(re.findall(r"`([A-Z][A-Z_]+)`", TEXT))
    assert len(used) > 8
    assert used <= explained
