"""The shell steps of the release workflows do on the local AWS what they are there for, and refuse what they must."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.callers import access_key
from infra.local.settings import REGION, REPO_ROOT, LocalSettings
from infra.release import package, smoke
from tests import recorded_calls
from tests.integration.services import own_services

SCRIPTS = REPO_ROOT / "infra" / "release"
DIGEST = f"python:3.13-slim@sha256:{'0' * 64}"
PREFIX = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/telcopulse-test"


@pytest.fixture(scope="module", autouse=True)
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSettings]:
    with own_services(Path(tmp_path_factory.mktemp("services")), record_calls=True) as settings:
        yield settings


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts beside a small build/."""
    for path in SCRIPTS.glob("*.sh"):
        target = tmp_path / "infra" / "release" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        target.chmod(0o755)
    package.package_job(tmp_path / "build" / "job")
    (tmp_path / "build" / "dbt").mkdir()
    (tmp_path / "build" / "dbt" / "manifest.json").write_text("{}")
    for name in package.CONTEXTS:
        package.package_context(name, tmp_path / "build" / "images" / f"{name}.tar")
    package.write_checksums(tmp_path / "build")
    return tmp_path


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> str:
    name = f"b-{request.node.name.replace('_', '-')[:55]}"
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def run(checkout: Path, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "infra" / "release" / script), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def stand_in(folder: Path, name: str) -> tuple[str, Path]:
    """A program that writes down how it was called, in front of PATH."""
    folder.mkdir(exist_ok=True)
    calls, program = folder / f"{name}.calls", folder / name
    program.write_text(
        f'#!/usr/bin/env bash\necho "$TELCOPULSE_MARTS_SCHEMA $*" >> {calls}\n'
        "if [[ $1 == build && ${!#} == - ]] || [[ $* == *--password-stdin* ]]; then cat >/dev/null; fi\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{folder}:{os.environ['PATH']}", calls


def keys(bucket: str) -> set[str]:
    return {entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_a_release_is_uploaded_once_and_never_changed(checkout: Path, bucket: str) -> None:
    assert run(checkout, "upload.sh", "v1.0.0", bucket).returncode == 0
    names = ("job.py", "glue_streaming.zip", "manifest.json", "SHA256SUMS")
    assert keys(bucket) == {f"releases/v1.0.0/{name}" for name in names}
    again = run(checkout, "upload.sh", "v1.0.0", bucket)
    assert again.returncode == 0
    assert again.stdout.count("there already") == 4
    (checkout / "build" / "job" / "job.py").write_text("another")
    refused = run(checkout, "upload.sh", "v1.0.0", bucket)
    assert refused.returncode == 1
    assert "release under a new tag" in refused.stderr
    assert run(checkout, "upload.sh", "v1.0.1", bucket).returncode == 0


def test_images_are_not_built_on_a_base_without_a_digest(checkout: Path) -> None:
    refused = run(checkout, "build_images.sh", "v1.0.0", PREFIX, PYTHON_IMAGE="python:3.13-slim")
    assert refused.returncode == 1
    assert "names no digest" in refused.stderr


def test_images_are_built_and_pushed_unless_they_are_there(checkout: Path, tmp_path: Path) -> None:
    path, calls = stand_in(tmp_path / "bin", "docker")
    ecr = boto3.client("ecr")
    for name in package.CONTEXTS:
        ecr.create_repository(repositoryName=f"telcopulse-test/{name}")
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}'
    ecr.put_image(repositoryName="telcopulse-test/dashboard", imageManifest=manifest, imageTag="v1.0.0")
    done = run(checkout, "build_images.sh", "v1.0.0", PREFIX, PYTHON_IMAGE=DIGEST, PATH=path)
    assert done.returncode == 0, done.stderr
    assert "there already: telcopulse-test/dashboard:v1.0.0" in done.stdout
    login, build, push = calls.read_text().splitlines()
    assert login.strip() == f"login --username AWS --password-stdin {PREFIX.split('/')[0]}"
    assert build.strip() == f"build --pull --build-arg PYTHON_IMAGE={DIGEST} --tag {PREFIX}/refresh:v1.0.0 -"
    assert push.strip() == f"push {PREFIX}/refresh:v1.0.0"


def test_a_release_needs_what_its_role_may_and_no_less(checkout: Path, tmp_path: Path, services: LocalSettings) -> None:
    """As the account's artifacts and repositories, under the role's own key."""
    path, _ = stand_in(tmp_path / "bin", "docker")
    boto3.client("s3").create_bucket(
        Bucket="telcopulse-artifacts", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    for name in package.CONTEXTS:
        boto3.client("ecr").create_repository(repositoryName=f"telcopulse-dev/{name}")
    as_build = {"AWS_ACCESS_KEY_ID": access_key("build")}
    registry = f"{PREFIX.split('/')[0]}/telcopulse-dev"
    for _ in range(2):
        assert run(checkout, "upload.sh", "v1.0.0", "telcopulse-artifacts", **as_build).returncode == 0
    done = run(checkout, "build_images.sh", "v1.0.0", registry, PYTHON_IMAGE=DIGEST, PATH=path, **as_build)
    assert done.returncode == 0, done.stderr
    report = recorded_calls.judged(services.calls_log)
    print(f"\n{report.table()}")
    assert report.refused == []
    assert report.roles == {"build"}
    assert report.unused() == []


def test_the_streaming_job_is_stopped_and_started(checkout: Path) -> None:
    glue = boto3.client("glue")
    glue.create_job(Name="restarted", Role="r", Command={"Name": "gluestreaming"})
    old = glue.start_job_run(JobName="restarted")["JobRunId"]
    done = run(checkout, "restart_stream.sh", "restarted", POLL_S="0.2")
    assert done.returncode == 0, done.stderr
    states = {found["Id"]: found["JobRunState"] for found in glue.get_job_runs(JobName="restarted")["JobRuns"]}
    assert states.pop(old) == "STOPPED"
    assert len(states) == 1
    assert f"stopping: {old}" in done.stdout
    assert f"started: {next(iter(states))}" in done.stdout


def test_a_branchs_schema_is_dropped_with_its_files(checkout: Path, bucket: str) -> None:
    glue, s3 = boto3.client("glue"), boto3.client("s3")
    glue.create_database(DatabaseInput={"Name": "ci_42"})
    glue.create_table(DatabaseName="ci_42", TableInput={"Name": "t"})
    for key in ("ci_42/t/1", "refresh_log/ci_42/1", "ci_421/t/1", "refresh_log/ci_421/1", "marts/t/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    for _ in range(2):
        assert run(checkout, "drop_schema.sh", "ci_42", bucket).returncode == 0
    assert keys(bucket) == {"ci_421/t/1", "refresh_log/ci_421/1", "marts/t/1"}
    assert "ci_42" not in [found["Name"] for found in glue.get_databases()["DatabaseList"]]


def test_no_other_schema_is_dropped(checkout: Path, bucket: str) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key="marts/t/1", Body=b"1")
    refused = run(checkout, "drop_schema.sh", "marts", bucket)
    assert refused.returncode == 1
    assert "nothing was dropped" in refused.stderr
    assert keys(bucket) == {"marts/t/1"}


def test_a_branch_is_built_whole_before_the_first_release(checkout: Path, bucket: str, tmp_path: Path) -> None:
    path, calls = stand_in(tmp_path / "bin", "dbt")
    done = run(checkout, "build_branch.sh", "ci_7", bucket, PATH=path)
    assert done.returncode == 0, done.stderr
    assert calls.read_text() == "ci_7 build\n"


def test_a_branch_is_compared_with_the_newest_release(checkout: Path, bucket: str, tmp_path: Path) -> None:
    path, calls = stand_in(tmp_path / "bin", "dbt")
    for release in ("v9.0.0", "v10.0.0"):
        key = f"releases/{release}/manifest.json"
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"{}")
    done = run(checkout, "build_branch.sh", "ci_7", bucket, PATH=path)
    assert done.returncode == 0, done.stderr
    assert "releases/v10.0.0/manifest.json" in done.stdout
    assert calls.read_text().startswith("ci_7 build --select state:modified+ --defer --state ")


def test_the_state_bucket_is_made_once(checkout: Path) -> None:
    first, second = run(checkout, "bootstrap.sh"), run(checkout, "bootstrap.sh")
    assert first.returncode == second.returncode == 0, second.stderr
    name = first.stdout.strip()
    assert second.stdout.strip() == name == "telcopulse-terraform-state-123456789012"
    block = boto3.client("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}


def test_smoke_names_what_is_not_at_work_and_passes_when_all_is(capsys: pytest.CaptureFixture[str]) -> None:
    ecs, glue = boto3.client("ecs"), boto3.client("glue")
    asked = ["--cluster", "smoke", "--job", "smoke", "--release", "v1.0.0", "--timeout-seconds", "0"]
    script = "s3://a/releases/v1.0.0/job.py"
    command: Any = {"Name": "gluestreaming", "ScriptLocation": script}
    glue.create_job(Name="smoke", Role="r", Command=command)
    ecs.create_cluster(clusterName="smoke")
    for name, release in (("dashboard", "v0.9.0"), ("refresh", "v1.0.0")):
        container = {"name": name, "image": f"{PREFIX}/{name}:{release}", "memory": 64}
        ecs.register_task_definition(family=name, containerDefinitions=[container])
        ecs.create_service(cluster="smoke", serviceName=name, taskDefinition=name, desiredCount=1)
    assert smoke.main(asked) == 1
    said = capsys.readouterr().out
    assert "streaming job: no run is RUNNING; the newest is none" in said
    assert "refresh loop: 0 of 1 tasks run" in said
    assert f"dashboard: its image is {PREFIX}/dashboard:v0.9.0" in said
    assert "marts: no run of live_kpis has succeeded yet" in said

    glue.start_job_run(JobName="smoke")
    container = {"name": "dashboard", "image": f"{PREFIX}/dashboard:v1.0.0", "memory": 64}
    ecs.register_task_definition(family="dashboard", containerDefinitions=[container])
    ecs.update_service(cluster="smoke", service="dashboard", taskDefinition="dashboard", desiredCount=1)
    ecs.update_service(cluster="smoke", service="refresh", desiredCount=1)
    began = datetime.now(UTC)
    succeed("live_kpis")
    assert smoke.refresh_trouble(began) == "no run of live_outages has succeeded yet"
    succeed("live_outages")
    succeed("live_data_health")
    assert smoke.refresh_trouble(began) is None
    assert smoke.job_trouble("smoke", "v1.0.0") is None
    assert smoke.job_trouble("smoke", "v2.0.0") == f"its script is {script}"
    assert smoke.service_trouble("smoke", "dashboard", "v1.0.0") is None
    assert smoke.service_trouble("smoke", "refresh", "v1.0.0") is None


def succeed(beat: str) -> None:
    dimensions = [{"Name": "Beat", "Value": beat}]
    point = {"MetricName": "refresh_failed", "Value": 0.0, "Dimensions": dimensions, "Timestamp": datetime.now(UTC)}
    boto3.client("cloudwatch").put_metric_data(Namespace=smoke.NAMESPACE, MetricData=[point])  # type: ignore[list-item]


@pytest.mark.parametrize(("code", "ends_with"), [("0", 0), ("1", 1), ("None", 1)])
def test_dbt_runs_in_the_vpc_and_its_failure_is_a_failure(
    checkout: Path, tmp_path: Path, code: str, ends_with: int
) -> None:
    """ECS runs no container here, so its answers stand in."""
    calls = tmp_path / "aws.calls"
    (tmp_path / "aws").write_text(
        "#!/usr/bin/env bash\n"
        f'printf "%s\\n" "$@" >> {calls}\n'
        'case "$*" in\n'
        "    *networkConfiguration*) echo '{\"awsvpcConfiguration\": {}}' ;;\n"
        "    *describe-tasks*) echo " + code + " ;;\n"
        "    *) echo arn ;;\n"
        "esac\n"
    )
    (tmp_path / "aws").chmod(0o755)
    done = run(checkout, "run_dbt.sh", "c", "build", "--select", "tag:live", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == ends_with
    asked = calls.read_text().splitlines()
    overrides = json.loads(asked[asked.index("--overrides") + 1])
    assert overrides["containerOverrides"][0]["command"] == ["dbt", "build", "--select", "tag:live"]
    assert json.loads(asked[asked.index("--network-configuration") + 1]) == {"awsvpcConfiguration": {}}
