"""Is a release that was just applied at work? Waits until each part says so, or says which does not.

python -m infra.release.smoke --cluster telcopulse-prod --job telcopulse-prod-stream --release v1.4.0
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

NAMESPACE = "TelcoPulse"
LIVE_BEATS = ("live_kpis", "live_outages", "live_data_health")
TIMEOUT_S = 900.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="smoke.py", description="Wait until a release is at work.")
    parser.add_argument("--cluster", required=True, help="ECS cluster of the dashboard and the refresh loop")
    parser.add_argument("--job", required=True, help="Glue job that reads the stream")
    parser.add_argument("--release", required=True, help="tag that must run")
    parser.add_argument("--timeout-seconds", type=float, default=TIMEOUT_S, help="how long to wait (default 900)")
    given = parser.parse_args(arguments)
    began = datetime.now(UTC)
    checks: dict[str, Callable[[], str | None]] = {
        "streaming job": lambda: job_trouble(given.job, given.release),
        "refresh loop": lambda: service_trouble(given.cluster, "refresh", given.release),
        "dashboard": lambda: service_trouble(given.cluster, "dashboard", given.release),
        "marts": lambda: refresh_trouble(began),
    }
    deadline = time.monotonic() + given.timeout_seconds
    pending = {name: check() for name, check in checks.items()}
    while any(pending.values()) and time.monotonic() < deadline:
        time.sleep(min(10.0, given.timeout_seconds / 10))
        pending = {name: checks[name]() for name in pending}
    for name, trouble in pending.items():
        print(f"{name}: {trouble or 'ok'}")
    return 1 if any(pending.values()) else 0


def job_trouble(job: str, release: str) -> str | None:
    """What keeps the streaming job from running this release; None if nothing does."""
    glue = boto3.client("glue")
    script = glue.get_job(JobName=job)["Job"]["Command"]["ScriptLocation"]
    if f"/{release}/" not in script:
        return f"its script is {script}"
    runs = sorted(glue.get_job_runs(JobName=job)["JobRuns"], key=lambda run: run["StartedOn"])
    states = [run["JobRunState"] for run in runs]
    return None if "RUNNING" in states else f"no run is RUNNING; the newest is {states[-1] if states else 'none'}"


def service_trouble(cluster: str, name: str, release: str) -> str | None:
    """What keeps an ECS service from running this release only, in all its tasks."""
    ecs = boto3.client("ecs")
    service: dict[str, Any] = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    image = definition["containerDefinitions"][0]["image"]
    if not image.endswith(f":{release}"):
        return f"its image is {image}"
    if len(service["deployments"]) != 1:
        return "the old tasks still run"
    running, desired = service["runningCount"], service["desiredCount"]
    return None if running >= desired > 0 else f"{running} of {desired} tasks run"


def refresh_trouble(since: datetime) -> str | None:
    """Which marts were not refreshed since then."""
    for beat in LIVE_BEATS:
        answer = boto3.client("cloudwatch").get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName="refresh_failed",
            Dimensions=[{"Name": "Beat", "Value": beat}],
            StartTime=since,
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Minimum"],
        )
        if not any(point["Minimum"] == 0 for point in answer["Datapoints"]):
            return f"no run of {beat} has succeeded yet"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
