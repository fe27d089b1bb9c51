"""The promises of `make smoke`, and people working by hand beside the running system."""

import json
import os
import subprocess
from pathlib import Path

from infra.local import athena_client
from infra.local.callers import access_key
from infra.local.settings import REPO_ROOT
from tests.e2e import by_hand
from tests.e2e.conftest import WholePath
from tests.integration.programs import wait_until

MEMORY_LIMIT_MB = 6 * 1024


def test_every_event_stands_in_raw_exactly_once(whole_path: WholePath) -> None:
    result = whole_path.result
    assert result.events_sent == 1000
    assert (result.rows_raw, result.accepted + result.rejected) == (1000, 1000)
    assert (result.lost, result.duplicated) == (0, 0)


def test_the_whole_system_fits_in_six_gib(whole_path: WholePath) -> None:
    assert 500 < whole_path.system.peak_memory_mb < MEMORY_LIMIT_MB


def test_dbt_build_by_hand_works_beside_the_loop(whole_path: WholePath, tmp_path: Path) -> None:
    assert "ERROR=0" in by_hand.dbt(tmp_path, "build")
    whole_path.system.require_all_alive(finished_ok={"replay"})


def test_the_aws_cli_queries_a_mart(whole_path: WholePath) -> None:
    def aws(*arguments: str) -> dict:
        command = [by_hand.BIN / "aws", "athena", *arguments, "--output", "json"]
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": access_key("adhoc")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout)

    started = aws(
        "start-query-execution",
        "--work-group=adhoc",
        "--query-execution-context=Database=marts",
        "--query-string=select sum(n) from service_status "
        "where period = 'day' and area_level = 'all' and network = 'all'",
    )
    execution = started["QueryExecutionId"]
    state = "QUEUED"
    while state in ("QUEUED", "RUNNING"):
        status = aws("get-query-execution", f"--query-execution-id={execution}")["QueryExecution"]["Status"]
        state = status["State"]
    assert state == "SUCCEEDED", status
    rows = aws("get-query-results", f"--query-execution-id={execution}")["ResultSet"]["Rows"]
    accepted = athena_client.query("select count_if(reject_reason is null) from network_events", database="raw")
    assert rows[1]["Data"][0]["VarCharValue"] == accepted[0][0]


def test_a_saved_model_is_built_anew_by_the_loop(whole_path: WholePath) -> None:
    model, log = REPO_ROOT / "dbt_project" / "models" / "marts" / "service_status.sql", whole_path.system.log("refresh")
    model.touch()

    def built() -> list[dict]:
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("beat") == "edited"]

    wait_until(lambda: bool(built()), "run of the edited model")
    assert built()[0]["ok"]
    assert set(built()[0]["models_s"]) == {"service_status", "networks", "pipeline_freshness", "kpi_changes"}
