"""The local AWS starts, survives its engine's death, stops, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from infra.local import athena_client
from infra.local.settings import REPO_ROOT, LocalSettings
from infra.local.smoke import on_free_ports
from tests.integration.programs import wait_until

UP_TIMEOUT_S = 120


def test_a_dead_engine_is_restarted_while_the_api_stays_up(local_aws: LocalSettings) -> None:
    assert athena_client.query("select 1") == [["1"]]
    engine = _engine_of(local_aws)
    engine.kill()
    wait_until(lambda: _engine_of(local_aws).pid != engine.pid, "a new engine")
    wait_until(_answers, "an answer from the new engine")


def test_up_answers_by_hand_and_down_leaves_nothing(tmp_path: Path) -> None:
    settings = on_free_ports(LocalSettings.from_env(), tmp_path)
    environment = {**os.environ, **settings.environment()}
    (settings.checkpoint_dir / "commits").mkdir(parents=True)
    _local(environment, "up")
    assert not settings.checkpoint_dir.exists(), "a new account has no place for an old stream's checkpoint"
    pid = int((tmp_path / "aws.pid").read_text())
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    second = _local(environment, "up", expect=1)
    assert "make down" in second.stderr
    assert "select 1 by hand: 1" in _source_aws_env_and_query(environment)
    assert any((tmp_path / "trino" / "temporary").iterdir()), "what the engine unpacks stays in the stack's folder"
    _local(environment, "down")
    assert not settings.spark_temporary_dir.exists()
    assert not (tmp_path / "trino" / "temporary").exists()
    assert not [process for process in tree if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert "nothing runs" in _local(environment, "down").stdout


def test_an_interrupted_start_leaves_nothing(tmp_path: Path) -> None:
    settings = on_free_ports(LocalSettings.from_env(), tmp_path)
    up = subprocess.Popen(
        [sys.executable, "-m", "infra.local", "up"],
        cwd=REPO_ROOT,
        env={**os.environ, **settings.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: bool(psutil.Process(up.pid).children(recursive=True)), "a started part")
    tree = psutil.Process(up.pid).children(recursive=True)
    up.send_signal(signal.SIGINT)
    output, _ = up.communicate(timeout=60)
    assert up.returncode == 130, output
    assert not [process for process in tree if process.is_running()]


def _engine_of(settings: LocalSettings) -> psutil.Process:
    marker = f"-Dnode.data-dir={settings.state_dir}/trino/data"
    engines = [process for process in psutil.process_iter(["cmdline"]) if marker in (process.info["cmdline"] or [])]
    return engines[0] if engines else psutil.Process()


def _answers() -> bool:
    try:
        return athena_client.query("select 1") == [["1"]]
    except athena_client.AthenaQueryFailed:
        return False


def _local(environment: dict[str, str], command: str, *, expect: int = 0) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "infra.local", command]
    done = subprocess.run(
        arguments, cwd=REPO_ROOT, env=environment, capture_output=True, text=True, timeout=UP_TIMEOUT_S, check=False
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def _source_aws_env_and_query(environment: dict[str, str]) -> str:
    """What a person does in a second shell: the port is the only thing that the shell knows."""
    clean = {"HOME": os.environ.get("HOME", "/"), "PATH": os.environ["PATH"]}
    clean["TELCOPULSE_AWS_PORT"] = environment["TELCOPULSE_AWS_PORT"]
    program = "from infra.local.athena_client import query; print('select 1 by hand:', query('select 1')[0][0])"
    command = ["bash", "-c", f'. infra/local/aws.env && python -c "{program}"']
    return subprocess.run(
        command, cwd=REPO_ROOT, env=clean, capture_output=True, text=True, timeout=60, check=True
    ).stdout
