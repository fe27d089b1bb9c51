"""dbt-athena, unmodified, on the local AWS: every command and option that the project's marts rely on."""

import json
import textwrap
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest

from infra.local.athena_client import query
from infra.local.settings import LocalSettings
from tests.integration.programs import run

FILES = {
    "dbt_project.yml": """
        name: clients
        profile: clients
        models: {+table_type: iceberg, +format: parquet, +persist_docs: {relation: true, columns: true}}
        """,
    "profiles.yml": """
        clients:
          target: local
          outputs:
            local:
              type: athena
              region_name: "{{ env_var('AWS_REGION') }}"
              database: awsdatacatalog
              schema: "{{ env_var('CLIENTS_SCHEMA') }}"
              s3_staging_dir: s3://telcopulse-athena-results/clients/
              s3_data_dir: "s3://telcopulse-marts/{{ env_var('CLIENTS_SCHEMA') }}/"
              work_group: dbt
              poll_interval: 0.1
              threads: 2
        """,
    "seeds/cells.csv": """
        cell,town,rsrp_dbm
        1,Gent,-80.5
        2,"Sint-Niklaas, ""West"" side",-101.25
        3,,-95
        """,
    "models/contracted.sql": """
        {{ config(materialized='table', partitioned_by=['town']) }}
        select
            cast(cell as {{ var('cell_type') }}) as cell,
            town,
            rsrp_dbm as rsrp_mean_dbm
        from {{ ref('cells') }}
        """,
    "models/towns.sql": """
        {{ config(materialized='view') }}
        select town, count(*) as n from {{ ref('contracted') }} group by town
        """,
    "models/growing.sql": """
        {{ config(
            materialized='incremental', incremental_strategy='merge', unique_key='cell',
            on_schema_change='sync_all_columns',
        ) }}
        select
            cell,
            {% if var('shape') == 'old' %} town as goes {% else %} rsrp_mean_dbm as comes {% endif %}
        from {{ ref('contracted') }}
        {% if is_incremental() %} where cell > 1 {% endif %}
        """,
    "snapshots/cell_states.sql": """
        {% snapshot cell_states %}
        {{ config(unique_key='cell', strategy='check', check_cols=['state'], table_type='iceberg') }}
        select cell, if(cell = 1, '{{ var("state") }}', 'up') as state from {{ ref('contracted') }}
        {% endsnapshot %}
        """,
    "models/models.yml": """
        models:
          - name: contracted
            description: One row per cell, the operator's "own"
            config: {contract: {enforced: true}}
            columns:
              - {name: cell, data_type: int, description: the cell's number, data_tests: [unique, not_null]}
              - {name: town, data_type: varchar}
              - {name: rsrp_mean_dbm, data_type: double, description: mean signal in dBm}
          - {name: towns, description: Cells a town, columns: [{name: n, description: cells}]}
        """,
}
OLD, NEW = {"cell_type": "int", "shape": "old", "state": "up"}, {"cell_type": "int", "shape": "new", "state": "down"}
BROKEN = {**OLD, "cell_type": "varchar"}


class Project(NamedTuple):
    folder: Path
    schema: str
    succeeded: dict[str, bool]

    def rows(self, sql: str) -> list[list[str | None]]:
        return query(sql, database=self.schema)

    def glue_table(self, name: str) -> dict[str, Any]:
        return boto3.client("glue").get_table(DatabaseName=self.schema, Name=name)["Table"]


@pytest.fixture(scope="module")
def project(local_aws: LocalSettings, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after all commands; the tests look at what each has left."""
    folder, schema = tmp_path_factory.mktemp("clients"), f"clients_{uuid.uuid4().hex[:8]}"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(textwrap.dedent(text).lstrip())
    commands = {
        "debug": ["debug"],
        "seed": ["seed"],
        "build": ["build", "--exclude", "resource_type:seed", "--vars", json.dumps(OLD)],
        "broken contract": ["run", "--select", "contracted", "--vars", json.dumps(BROKEN)],
        "new shape": ["run", "--select", "growing", "--vars", json.dumps(NEW)],
        "snapshot": ["snapshot", "--vars", json.dumps(NEW)],
        "docs": ["docs", "generate", "--vars", json.dumps(NEW)],
    }
    common = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--no-use-colors"]
    given = json.dumps([command + common for command in commands.values()])
    environment = {"CLIENTS_SCHEMA": schema, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    output = run("-m", "tests.integration.dbt_commands", given, env=environment).stdout
    succeeded = dict(zip(commands, json.loads(output.splitlines()[-1]), strict=True))
    assert succeeded == {name: name != "broken contract" for name in commands}, output
    return Project(folder, schema, succeeded)


def test_a_seed_keeps_quotes_commas_and_missing_values(project: Project) -> None:
    assert project.rows("select * from cells order by cell") == [
        ["1", "Gent", "-80.5"],
        ["2", 'Sint-Niklaas, "West" side', "-101.25"],
        ["3", None, "-95.0"],
    ]


def test_a_contract_decides_the_types(project: Project) -> None:
    columns = project.glue_table("contracted")["StorageDescriptor"]["Columns"]
    types = {column["Name"]: column["Type"] for column in columns}
    assert types == {"cell": "int", "town": "string", "rsrp_mean_dbm": "double"}


def test_a_broken_contract_fails_the_run_and_keeps_the_table(project: Project) -> None:
    assert not project.succeeded["broken contract"]
    assert project.rows("select count(*) from contracted") == [["3"]]


def test_descriptions_stand_in_glue(project: Project) -> None:
    table = project.glue_table("contracted")
    assert table["Description"] == 'One row per cell, the operator\'s "own"'
    comments = {column["Name"]: column.get("Comment", "") for column in table["StorageDescriptor"]["Columns"]}
    assert comments == {"cell": "the cell's number", "town": "", "rsrp_mean_dbm": "mean signal in dBm"}
    assert project.glue_table("towns")["Description"] == "Cells a town"


def test_a_changed_model_adds_and_drops_columns_and_keeps_rows(project: Project) -> None:
    assert project.rows("select cell, comes from growing order by cell") == [
        ["1", None],
        ["2", "-101.25"],
        ["3", "-95.0"],
    ]
    names = [column["Name"] for column in project.glue_table("growing")["StorageDescriptor"]["Columns"]]
    assert "goes" not in names


def test_a_snapshot_closes_the_old_row_and_opens_the_new(project: Project) -> None:
    rows = project.rows("select state, dbt_valid_to is null from cell_states where cell = 1 order by dbt_valid_from")
    assert rows == [["up", "false"], ["down", "true"]]
    assert project.rows("select count(*) from cell_states") == [["4"]]


def test_docs_read_types_and_comments_from_the_catalog(project: Project) -> None:
    catalog = json.loads((project.folder / "target" / "catalog.json").read_text())
    assert catalog["errors"] is None
    contracted = catalog["nodes"]["model.clients.contracted"]
    assert contracted["metadata"]["type"] == "iceberg_table"
    assert contracted["columns"]["cell"] | {"index": 0} == {
        "type": "int",
        "index": 0,
        "name": "cell",
        "comment": "the cell's number",
    }
    assert catalog["nodes"]["model.clients.towns"]["metadata"]["type"] == "view"
