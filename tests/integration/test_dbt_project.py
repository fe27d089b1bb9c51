"""The dbt project on a built schema: its tests find defects, its descriptions reach the catalog, its queries run, and a
branch builds only what it changed."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from dbt_project import refresh
from infra.local import athena_client
from infra.local.settings import REPO_ROOT, LocalSettings
from tests.bench.executions import executions
from tests.integration import athena_functions, measurements
from tests.integration.planted_defects import DEFECTS
from tests.integration.programs import backfill
from tests.warm_dbt import WarmDbt, copy_project

RAW, PROD, BRANCH = "raw_project", "marts_project", "ci_a_branch"
MAINTENANCE = ("PRUNE_LOG", "OPTIMIZE_DAY", "OPTIMIZE_ALL", "FORGET", "VACUUM_MARTS", "VACUUM")


@pytest.fixture(scope="module")
def prod(local_aws: LocalSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmDbt]:
    """A day of measurements, and every mart of it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "events.jsonl").write_bytes(b"\n".join(measurements.lines(seed=7)) + b"\n")
    backfill(folder / "events.jsonl", database=RAW)
    with WarmDbt(REPO_ROOT, schema=PROD, raw=RAW, target="prod", folder=folder / "prod") as dbt:
        dbt.run("seed")
        dbt.run("run")
        dbt.run("docs", "generate")
        yield dbt


@pytest.fixture(scope="module")
def manifest(prod: WarmDbt) -> dict[str, Any]:
    """Of the build: the file is copied at once, for every command writes it anew."""
    state = prod.folder / "state"
    state.mkdir(exist_ok=True)
    shutil.copy(prod.folder / "manifest.json", state)
    return dict(json.loads((state / "manifest.json").read_text()))


def rows(sql: str, schema: str = PROD) -> list[list[str | None]]:
    return athena_client.query(sql, database=schema)


def glue_table(name: str) -> dict[str, Any]:
    return dict(boto3.client("glue").get_table(DatabaseName=PROD, Name=name)["Table"])


def put_back(table: dict[str, Any]) -> None:
    """The table as it was, with its description: its files are all still there."""
    names = ("Name", "Description", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
    table_input = {name: table[name] for name in names if name in table}
    boto3.client("glue").update_table(DatabaseName=PROD, TableInput=table_input)


def test_each_kind_of_defect_fails_the_test_that_is_for_it(prod: WarmDbt) -> None:
    """Each is planted alone among its table's; what it fails besides is not looked at."""
    names = [defect.found_by for defect in DEFECTS]
    assert len(set(names)) == len(names)
    before = prod.run("test", "--select", *names).status
    assert before == dict.fromkeys(names, "pass")
    for wave in waves():
        kept = [glue_table(defect.table) for defect in wave]
        for defect in wave:
            rows(defect.sql)
        found = prod.attempt("test", "--select", *(defect.found_by for defect in wave)).status
        for table in kept:
            put_back(table)
        assert found == {defect.found_by: "fail" for defect in wave}
    assert prod.run("test", "--select", *names).status == before


def waves() -> list[list[Any]]:
    """Defects that are planted together: one a table, so that none hides behind another."""
    waiting, found = list(DEFECTS), []
    while waiting:
        tables: dict[str, Any] = {}
        for defect in waiting:
            tables.setdefault(defect.table, defect)
        found.append(list(tables.values()))
        waiting = [defect for defect in waiting if defect not in tables.values()]
    return found


def test_an_event_id_with_two_times_is_a_warning(prod: WarmDbt) -> None:
    name = "assert_event_id_has_one_event_ts"
    assert prod.run("test", "--select", name).status == {name: "warn"}


def test_refused_records_are_counted_and_shown_without_device_and_position(prod: WarmDbt) -> None:
    counted = rows("select reject_reason, sum(n) from rejected_events group by 1 order by 1")
    assert counted == [["bad_event_ts", "2"], ["not_json", "1"], ["not_object", "1"]]
    shown = str(rows("select example from rejected_examples"))
    assert "event_ts" in shown
    assert not any(secret in shown for secret in ("41.38", "2.16", "phone", "77"))


def test_descriptions_of_models_seeds_and_columns_stand_in_glue(prod: WarmDbt, manifest: dict[str, Any]) -> None:
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    assert len(nodes) > 15
    for node in nodes:
        table = glue_table(node["name"])
        assert table["Description"] == _in_glue(node["description"], 2048), node["name"]
        columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
        comments = {column["Name"]: column.get("Comment") for column in columns}
        declared = {name: _in_glue(column["description"], 255) for name, column in node["columns"].items()}
        assert comments == declared, node["name"]


def _in_glue(description: str, longest: int) -> str:
    """As the adapter shortens a text to what Glue takes."""
    text = description.replace("\n", " ").strip()
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def test_the_docs_site_describes_every_table(prod: WarmDbt, manifest: dict[str, Any]) -> None:
    target = prod.folder
    catalog = json.loads((target / "catalog.json").read_text())
    assert catalog["errors"] is None
    models = {key for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    assert models <= set(catalog["nodes"])
    assert (target / "index.html").stat().st_size > 100_000


def test_every_console_query_answers_as_it_stands(prod: WarmDbt) -> None:
    folder = prod.folder / "compiled" / "telcopulse" / "dbt_project" / "analyses"
    empty = [path.stem for path in sorted(folder.glob("*.sql")) if not rows(path.read_text())]
    assert len(list(folder.glob("*.sql"))) == 10
    assert empty == []


def test_models_use_what_athena_documents(prod: WarmDbt) -> None:
    compiled = sorted((prod.folder / "compiled").rglob("*.sql"))
    assert len(compiled) > 100
    used: dict[str, str] = {}
    for path in compiled:
        sql = path.read_text()
        used |= dict.fromkeys(athena_functions.functions(sql), path.stem)
        assert athena_functions.too_precise_timestamps(sql) == [], path
    assert {name: where for name, where in used.items() if name not in athena_functions.KNOWN} == {}


@pytest.mark.slow
def test_a_branch_builds_what_it_changed_and_reads_the_rest_from_prod(
    prod: WarmDbt, manifest: dict[str, Any], tmp_path: Path
) -> None:
    """As docs/work-on-models.md says for CI."""
    project = copy_project(tmp_path / "checkout")
    model = project / "dbt_project" / "models" / "marts" / "rejected_events.sql"
    model.write_text(model.read_text().replace("max(payload_bytes)", "max(payload_bytes + 0)"))
    state = str(prod.folder / "state")
    with WarmDbt(project, schema=BRANCH, raw=RAW, target="ci") as branch:
        built = branch.run("build", "--select", "state:modified+", "--defer", "--state", state).status
        models = {name for name, status in built.items() if status == "success" and "__" not in name}
        assert models == {"rejected_events", "rejected_examples", "data_quality", "pipeline_freshness"}
        assert rows("select sum(n) from rejected_events", BRANCH) == rows("select sum(n) from rejected_events")
        count = "select sum(accepted_count) from data_quality where period = 'day' and source = 'all' and feed = 'all'"
        assert rows(count, BRANCH) == rows(count)
        glue = boto3.client("glue")
        names = {table["Name"] for table in glue.get_tables(DatabaseName=BRANCH)["TableList"]}
        assert "int_arrivals_5min" not in names
        branch.run("run-operation", "drop_branch_schema")
        assert BRANCH not in {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    left = boto3.client("s3").list_objects_v2(Bucket="telcopulse-marts", Prefix=f"{BRANCH}/")
    assert left["KeyCount"] == 0


@pytest.mark.slow
def test_a_branch_follows_the_grain_of_prod_or_its_own(prod: WarmDbt, manifest: dict[str, Any], tmp_path: Path) -> None:
    """A mart alone is made of production's grain, whole each time; a branch that changed the grain makes both."""
    project = copy_project(tmp_path / "checkout")
    models = project / "dbt_project" / "models"
    select = ("run", "--select", "state:modified+", "--defer", "--state", str(prod.folder / "state"))
    summed = "select sum(n) from service_status"
    edit(
        models / "marts" / "service_status.sql", "in_service_count + lost_count as", "lost_count + in_service_count as"
    )
    with WarmDbt(project, schema=BRANCH, raw=RAW, target="ci") as branch:
        branch.run(*select)
        assert tables() == {"kpi_changes", "networks", "pipeline_freshness", "refresh_log", "service_status"}
        assert rows(summed, BRANCH) == rows(summed)
        rows("delete from service_status where period = 'hour'", BRANCH)
        branch.run(*select)
        assert rows(summed, BRANCH) == rows(summed)
    grain = models / "intermediate" / "int_network_events_5min.sql"
    edit(grain, "count_if(service_state = 'lost') as lost_count", "2 * count_if(service_state = 'lost') as lost_count")
    with WarmDbt(project, schema=BRANCH, raw=RAW, target="ci") as branch:
        branch.run(*select)
        doubled = "select sum(lost_count) from int_network_events_5min"
        assert int(rows(doubled, BRANCH)[0][0] or 0) == 2 * int(rows(doubled)[0][0] or 0)
        voted = "select sum(vote_n) from service_status where period = 'day' and area_level = 'all' and network = 'all'"
        counted = "select sum(in_service_count + lost_count) from int_network_events_5min"
        assert rows(voted, BRANCH) == rows(counted, BRANCH) != rows(counted)
        branch.run("run-operation", "drop_branch_schema")


def edit(path: Path, right: str, wrong: str) -> None:
    text = path.read_text()
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))


def tables() -> set[str]:
    found = boto3.client("glue").get_tables(DatabaseName=BRANCH)["TableList"]
    return {table["Name"] for table in found}


@pytest.mark.parametrize("name", MAINTENANCE)
def test_athena_takes_every_maintenance_of_the_loop(prod: WarmDbt, name: str) -> None:
    prod.run(*getattr(refresh, name))


def test_compaction_goes_through_raw_the_log_and_every_incremental_model(
    prod: WarmDbt, manifest: dict[str, Any]
) -> None:
    begun = datetime.now(UTC)
    prod.run(*refresh.OPTIMIZE_DAY)
    texts = [one["Query"] for one in executions("dbt") if one["Status"]["SubmissionDateTime"] >= begun]
    compacted = {
        found[1]
        for text in texts
        if (found := re.search(r"optimize \S+\.(\w+)", text.replace("`", "").replace('"', "")))
    }
    models = [node for node in manifest["nodes"].values() if node["config"].get("materialized") == "incremental"]
    assert compacted == {"network_events", "refresh_log", *(node["name"] for node in models)}


def test_only_a_branch_can_be_dropped(prod: WarmDbt) -> None:
    refused = prod.attempt("run-operation", "drop_branch_schema")
    assert not refused.ok
    assert rows("select count(*) from provinces") == [["4"]]
