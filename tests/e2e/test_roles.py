"""Least privilege, proven by use: all that the roles did on the whole path is allowed by the policies that Terraform
renders, and the statements that none of it needed are known.

The last module of these tests, for it looks at what the others did.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3

from infra.local.callers import access_key
from infra.local.settings import REPO_ROOT
from infra.release.package import compile_dbt
from tests import recorded_calls, refused_calls
from tests.e2e.conftest import WholePath

ACKNOWLEDGE = """
from dashboard import queries
from dashboard.acknowledgements import acknowledge
from dashboard.client import MartsClient
from dashboard.settings import Settings
client = MartsClient(Settings.from_env())
for query in (queries.networks(), acknowledge("none", "a test", "")):
    client.query(query.sql, query.parameters)
"""
MAINTAIN = """
from infra.local import athena_client
for statement in ("optimize network_events rewrite data using bin_pack", "vacuum network_events"):
    athena_client.query(statement, database="raw", workgroup="dbt")
"""
# Rows just written: what others have read, the engine may still hold, and while the loop asks for the same table nobody
# knows whose call it was.
READ = """
from infra.local import athena_client
rows = athena_client.query("select acknowledged_by from outage_acknowledgements where incident_id = 'none'")
assert rows == [["a test"]], rows
"""

# Reads raw, and is read by two others.
CHANGED_MODEL = "rejected_events"
BRANCH = "ci_roles"


def act_as(role: str, *command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=REPO_ROOT,
        env={**os.environ, "AWS_ACCESS_KEY_ID": access_key(role), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def build_a_branch(folder: Path) -> None:
    """As dbt.yml does it for a branch on which a model differs from the newest release."""
    compile_dbt(folder / "saved_queries", folder / "manifest.json")
    released = json.loads((folder / "manifest.json").read_text())
    released["nodes"][f"model.telcopulse.{CHANGED_MODEL}"]["raw_code"] += "\n-- as it was"
    boto3.client("s3").put_object(
        Bucket="telcopulse-artifacts", Key="releases/v0.1.0/manifest.json", Body=json.dumps(released).encode()
    )
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DBT_PROFILES_DIR": "dbt_project",
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "TELCOPULSE_DBT_WORKGROUP": "ci",
    }
    built = act_as("ci", "infra/release/build_branch.sh", BRANCH, "telcopulse-artifacts", **environment)
    assert f"{BRANCH}.{CHANGED_MODEL}" in built, built
    act_as("ci", "infra/release/drop_schema.sh", BRANCH, "telcopulse-marts", **environment)


def test_every_recorded_call_is_allowed_and_every_other_statement_explained(
    whole_path: WholePath, tmp_path: Path
) -> None:
    for role, program in (("dashboard", ACKNOWLEDGE), ("refresh", MAINTAIN), ("adhoc", READ)):
        act_as(role, sys.executable, "-c", program)
    build_a_branch(tmp_path)
    report = recorded_calls.judged(whole_path.system.settings.calls_log)
    unused = "\n".join(report.unused())
    text = f"{report.table()}\n\n{refused_calls.table()}\n\nnot needed:\n{unused}\nunclear: {report.unclear_count}"
    (tmp_path / "report.md").write_text(text + "\n")
    print(f"\n{text}")
    assert report.refused == []
    assert report.roles == {"stream", "refresh", "dashboard", "adhoc", "feed", "ci"}
    assert report.unexplained() == []
