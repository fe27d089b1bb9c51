"""infra/terraform makes an account: applied with its state in S3, no drift, a release later, destroyed.

Every resource type is applied: there is none that the local AWS can't make. What it doesn't carry out (policies,
lifecycle rules, alarms, ECS tasks) it keeps, and the tests here look at what it keeps.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from glue_streaming.settings import JobSettings
from infra.local.callers import access_key
from infra.local.settings import REPO_ROOT, LocalSettings
from infra.release import smoke
from infra.release.package import compile_dbt
from tests import access, recorded_calls
from tests.integration.account_policies import rendered
from tests.integration.services import own_services
from tests.integration.terraform_program import Terraform

pytestmark = pytest.mark.slow

# What only a machine without DNS for buckets needs, in Terraform's own way to change a configuration from outside.
OVERRIDE = 'provider "aws" {\n  s3_use_path_style = true\n  max_retries       = 2\n}\n'
SCRIPTS = REPO_ROOT / "infra" / "release"
APPLY = ("apply", "-auto-approve", "-input=false", "-var-file=environments/dev.tfvars")
PLAN = ("plan", "-input=false", "-detailed-exitcode", "-var-file=environments/dev.tfvars")
DESTROY = ("destroy", "-auto-approve", "-input=false", "-var-file=environments/dev.tfvars")


@dataclass(frozen=True)
class Account:
    terraform: Terraform
    outputs: dict[str, Any]
    resources: list[dict[str, Any]]

    def values(self, kind: str) -> list[dict[str, Any]]:
        return [resource["values"] for resource in self.resources if resource["type"] == kind]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSettings]:
    """An account with nothing in it. Terraform asks Athena no query, so no engine is started."""
    with own_services(Path(tmp_path_factory.mktemp("services")), record_calls=True) as settings:
        yield settings


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Account]:
    """The whole configuration applied; at the end it is destroyed, and nothing may be left."""
    folder = Path(tmp_path_factory.mktemp("account"))
    root = Path(shutil.copytree(REPO_ROOT / "infra" / "terraform", folder / "infra" / "terraform"))
    shutil.copytree(SCRIPTS, folder / "infra" / "release")
    (root / "local_override.tf").write_text(OVERRIDE)
    compile_dbt(folder / "build" / "saved_queries", folder / "build" / "dbt" / "manifest.json")
    Terraform(root).initialise("-backend=false")
    # Not an argument of the fixture: nothing is started for a test that is left out.
    request.getfixturevalue("services")
    terraform = Terraform(root, _variables("v0.1.0"))
    bucket = _run_script(terraform, "bootstrap.sh").strip()
    terraform.initialise("-reconfigure", f"-backend-config=bucket={bucket}", "-backend-config=use_path_style=true")
    terraform(*APPLY)
    shown = json.loads(terraform("show", "-json"))["values"]
    outputs = {name: output["value"] for name, output in shown["outputs"].items()}
    resources = [entry for entry in shown["root_module"]["resources"] if entry["mode"] == "managed"]
    print(f"\napplied {len(resources)} resources of {len({entry['type'] for entry in resources})} types")
    yield Account(terraform, outputs, resources)
    terraform(*DESTROY)
    assert [found["Name"] for found in boto3.client("s3").list_buckets()["Buckets"]] == [bucket]
    assert boto3.client("glue").get_jobs()["Jobs"] == []
    ecs = boto3.client("ecs")
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    assert [cluster["clusterName"] for cluster in clusters if cluster["status"] == "ACTIVE"] == []
    print(f"destroyed {len(resources)} resources")


def test_a_second_plan_is_empty(account: Account) -> None:
    assert "No changes" in account.terraform(*PLAN)


def test_a_release_changes_what_runs_and_nothing_else_with_the_rights_of_its_roles(
    account: Account, services: LocalSettings
) -> None:
    """As the release workflow does it: a plan that is kept, and applied as it was approved."""
    bucket = _state_bucket()
    next_release = replace(account.terraform, variables=_variables("v0.2.0"))
    _run_script(_as(next_release, "plan"), "plan.sh", "dev", "v0.2.0", bucket)
    plan = account.terraform.folder / "v0.2.0.tfplan"
    boto3.client("s3").download_file(bucket, f"telcopulse/plans/{plan.name}", str(plan))
    planned = json.loads(next_release("show", "-json", plan.name))
    changed = {
        change["address"]: change["change"]["actions"]
        for change in planned["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert changed == {
        "aws_glue_job.stream": ["update"],
        "aws_ecs_task_definition.dashboard": ["delete", "create"],
        "aws_ecs_task_definition.refresh": ["delete", "create"],
        "aws_ecs_service.dashboard": ["update"],
        "aws_ecs_service.refresh": ["update"],
    }
    _run_script(_as(next_release, "apply"), "apply.sh", "v0.2.0", bucket)
    job = boto3.client("glue").get_job(JobName=account.outputs["stream_job_name"])["Job"]
    assert "/releases/v0.2.0/" in job["Command"]["ScriptLocation"]
    assert "No changes" in next_release(*PLAN)
    # A roll-back is the older tag.
    account.terraform(*APPLY)
    assert "No changes" in account.terraform(*PLAN)
    report = recorded_calls.judged(services.calls_log)
    print(f"\n{report.table()}\nnot needed: {', '.join(report.unused())}")
    assert report.refused == []
    assert report.roles == {"plan", "apply"}
    assert report.unexplained() == []


def test_the_job_accepts_the_arguments_that_it_is_given(account: Account) -> None:
    job = boto3.client("glue").get_job(JobName=account.outputs["stream_job_name"])["Job"]
    arguments = [text for pair in job["DefaultArguments"].items() for text in pair]
    settings = JobSettings.from_arguments(arguments)
    buckets = account.outputs["buckets"]
    assert settings.stream_name == account.outputs["stream_name"]
    assert settings.table == "glue_catalog.raw.network_events"
    assert settings.warehouse == f"s3://{buckets['raw']}/"
    assert settings.checkpoint == f"s3://{buckets['checkpoints']}/network_events/checkpoint"
    assert settings.ledger == f"s3://{buckets['checkpoints']}/network_events/ledger"


def test_containers_get_the_variables_that_the_programs_read(account: Account) -> None:
    programs = {
        "dashboard": ["dashboard/settings.py"],
        "refresh": ["dbt_project/profiles.yml", "dbt_project/models/staging/_sources.yml", "dbt_project/refresh.py"],
    }
    for definition in account.values("aws_ecs_task_definition"):
        container = json.loads(definition["container_definitions"])[0]
        code = "".join((REPO_ROOT / path).read_text() for path in programs[container["name"]])
        names = {entry["name"] for entry in container["environment"]} - {"AWS_REGION"}
        assert names
        assert [name for name in names if name not in code] == []
        assert container["readonlyRootFilesystem"] is True


def test_the_alarms_watch_metrics_that_the_programs_report(account: Account) -> None:
    code = "".join((REPO_ROOT / path).read_text() for path in ("glue_streaming/metrics.py", "dbt_project/refresh.py"))
    metrics = [
        metric
        for alarm in account.values("aws_cloudwatch_metric_alarm")
        for metric in [alarm, *(part for query in alarm["metric_query"] for part in query["metric"])]
        if metric["namespace"] == "TelcoPulse"
    ]
    watched = {metric["metric_name"] for metric in metrics}
    assert watched == {"gaps", "refresh_failed", "refresh_failures_in_a_row", "rejected", "rows"}
    beats = {metric["dimensions"]["Beat"] for metric in metrics if "Beat" in (metric["dimensions"] or {})}
    assert beats == {*smoke.LIVE_BEATS, "test"}
    assert [name for name in watched | beats if f'"{name}"' not in code] == []


def test_no_policy_allows_a_wildcard_of_actions(account: Account) -> None:
    wide = [
        (name, action)
        for name, statement in _statements(account)
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        if "*" in action
    ]
    assert wide == []


def test_everything_is_allowed_by_name_but_what_has_no_resource(account: Account) -> None:
    """The actions that are allowed on `*`; AWS knows no resource for any of them, or a key's policy means its key."""
    allowed = {
        action
        for name, statement in _statements(account)
        if statement["Effect"] == "Allow" and "*" in _listed(statement["Resource"]) and not name.startswith("key ")
        for action in _listed(statement["Action"])
    }
    assert allowed == {
        "athena:ListDataCatalogs",
        "athena:ListEngineVersions",
        "athena:ListWorkGroups",
        "cloudwatch:PutMetricData",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        "ecr:GetAuthorizationToken",
        "glue:GetSecurityConfiguration",
    }


def test_calls_are_judged_by_the_policies_that_are_rendered(account: Account, tmp_path: Path) -> None:
    policies = rendered(account.resources)
    path = tmp_path / access.POLICIES.name
    path.write_text(json.dumps(policies, indent=1) + "\n")
    assert policies == json.loads(access.POLICIES.read_text()), f"if it is meant, copy {path} to {access.POLICIES}"


def test_there_is_no_nat_and_no_way_out_of_a_private_subnet(account: Account) -> None:
    kinds = {resource["type"] for resource in account.resources}
    assert kinds.isdisjoint({"aws_nat_gateway", "aws_internet_gateway", "aws_eip"})
    ec2 = boto3.client("ec2")
    vpc = account.values("aws_vpc")[0]["id"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    routes = [route for table in tables for route in table["Routes"]]
    assert [route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"] == []
    world = [rule for rule in account.values("aws_vpc_security_group_ingress_rule") if rule["cidr_ipv4"] == "0.0.0.0/0"]
    assert world == []


def test_every_log_group_topic_and_alarm_is_kept_in_hand(account: Account) -> None:
    keys = {key["arn"] for key in account.values("aws_kms_key")} | {
        key["key_id"] for key in account.values("aws_kms_key")
    }
    for group in boto3.client("logs").describe_log_groups()["logGroups"]:
        assert group["kmsKeyId"] in keys, group["logGroupName"]
        assert group["retentionInDays"] == 14
    topic = account.outputs["alarm_topic"]
    assert boto3.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"] in keys
    # Autoscaling makes alarms of its own.
    alarms = boto3.client("cloudwatch").describe_alarms(AlarmNamePrefix="telcopulse-dev-")["MetricAlarms"]
    assert len(alarms) == len(account.values("aws_cloudwatch_metric_alarm"))
    assert [alarm["AlarmName"] for alarm in alarms if alarm["AlarmActions"] != [topic]] == []


def test_the_console_gets_the_ready_queries_of_dbt(account: Account) -> None:
    analyses = {path.stem.replace("_", " ") for path in (REPO_ROOT / "dbt_project" / "analyses").glob("*.sql")}
    assert set(account.outputs["saved_queries"]) == analyses
    for query in account.values("aws_athena_named_query"):
        assert "{{" not in query["query"]
        assert len(query["description"]) > 10
        assert query["workgroup"] == ("dbt" if '."stg_' in query["query"] else "adhoc")


def test_the_state_is_in_a_bucket_of_its_own_that_keeps_versions(account: Account) -> None:
    s3 = boto3.client("s3")
    bucket = _state_bucket()
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["telcopulse/terraform.tfstate"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]


def _variables(release: str) -> dict[str, str]:
    return {
        "TF_VAR_release": release,
        "TF_VAR_github_repository": "telcopulse/telcopulse",
        "TF_VAR_alarm_emails": '["ops@example.com"]',
        "TF_VAR_certificate_arn": _certificate(),
    }


def _certificate() -> str:
    """The account's certificate for the dashboard, asked for once."""
    acm = boto3.client("acm")
    known = acm.list_certificates()["CertificateSummaryList"]
    if known:
        return str(known[0]["CertificateArn"])
    return str(acm.request_certificate(DomainName="telcopulse.example.com")["CertificateArn"])


def _as(terraform: Terraform, role: str) -> Terraform:
    return replace(terraform, variables={**terraform.variables, "AWS_ACCESS_KEY_ID": access_key(role)})


def _run_script(terraform: Terraform, name: str, *arguments: str) -> str:
    """Run a script of the release beside a root module that is initialised as this one was."""
    init = {"TF_CLI_ARGS_init": " ".join(terraform.init_options)}
    done = subprocess.run(
        [str(terraform.folder.parent / "release" / name), *arguments],
        env={**os.environ, **terraform.environment(), **init},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _state_bucket() -> str:
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    return next(found["Name"] for found in buckets if "terraform-state" in found["Name"])


def _statements(account: Account) -> list[tuple[str, dict[str, Any]]]:
    """Each statement of each policy that is rendered, with whose it is."""
    policies = [
        *((f"role {values['role']}", values["policy"]) for values in account.values("aws_iam_role_policy")),
        *((f"policy {values['name']}", values["policy"]) for values in account.values("aws_iam_policy")),
        *((f"bucket {values['bucket']}", values["policy"]) for values in account.values("aws_s3_bucket_policy")),
        *((f"key {values['key_id']}", values["policy"]) for values in account.values("aws_kms_key")),
    ]
    return [(name, statement) for name, policy in policies for statement in json.loads(policy)["Statement"]]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
