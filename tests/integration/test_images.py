"""The images' start commands and health check work with what their build contexts hold, and nothing beside it.

Run outside of a container, with this environment's packages in place of the image's, which have the same versions.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.processes import free_port
from infra.local.settings import LocalSettings
from infra.release import package

START_TIMEOUT_S = 120


def unpacked(name: str, folder: Path) -> Path:
    package.package_context(name, folder / f"{name}.tar")
    with tarfile.open(folder / f"{name}.tar") as context:
        context.extractall(folder / "app", filter="data")
    return folder / "app"


def instruction(app: Path, name: str) -> list[str]:
    """The command of a Dockerfile's CMD or HEALTHCHECK."""
    found = re.search(rf"^{name}.*?(\[.*\])$", (app / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    command: list[str] = json.loads(found[1])
    return command


def container_environment(app: Path) -> dict[str, str]:
    programs = Path(sys.executable).parent
    return {**os.environ, "PYTHONPATH": str(app), "PATH": f"{programs}:{os.environ['PATH']}"}


@contextmanager
def started(command: list[str], app: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A container's process, but for the container."""
    variables = {**container_environment(app), "HOME": str(app.parent), **environment}
    child = subprocess.Popen(
        command, cwd=app, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_the_dashboard_starts_and_is_found_healthy(tmp_path: Path) -> None:
    app, port = unpacked("dashboard", tmp_path), str(free_port())
    command = [part.replace("8501", port).replace("0.0.0.0", "127.0.0.1") for part in instruction(app, "CMD")]
    check = [*instruction(app, "HEALTHCHECK"), port]
    environment = container_environment(app)

    def is_healthy() -> bool:
        return subprocess.run(check, cwd=app, env=environment, capture_output=True, check=False).returncode == 0

    assert not is_healthy()
    with started(command, app):
        deadline = time.monotonic() + START_TIMEOUT_S
        while not is_healthy():
            assert time.monotonic() < deadline, "the dashboard did not become healthy"
            time.sleep(0.5)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=START_TIMEOUT_S) as page:
            assert b'<div id="root"></div>' in page.read()


def test_the_refresh_loop_starts_seeds_and_stops_when_told(tmp_path: Path, local_aws: LocalSettings) -> None:
    app = unpacked("refresh", tmp_path)
    environment = {
        **local_aws.environment(),
        "DBT_PROFILES_DIR": str(app / "dbt_project"),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
        "PYTHONUNBUFFERED": "1",
        "TELCOPULSE_MARTS_SCHEMA": "image_marts",
        "TELCOPULSE_RAW_DATABASE": "image_raw",
        # The local AWS's settings hold the repository's.
        "PYTHONPATH": str(app),
    }
    with started(instruction(app, "CMD"), app, **environment) as loop:
        assert loop.stdout
        events = []
        for line in loop.stdout:
            events.append(json.loads(line) if line.startswith("{") else {"event": "text", "line": line})
            if events[-1]["event"] in ("waiting", "parse_failed"):
                break
        assert {"event": "waiting", "for": "image_raw.network_events"} in events, events
        assert [event["ok"] for event in events if event["event"] == "refresh"] == [True]
        loop.send_signal(signal.SIGTERM)
        assert loop.wait(timeout=START_TIMEOUT_S) == 0
