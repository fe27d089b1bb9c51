"""What the project declares: descriptions, grain, names of tests, exposures, and the pages made of them."""

import ast
import re
from typing import Any

import sqlglot
from sqlglot import exp

from dashboard import queries
from dbt_project.data_dictionary import data_dictionary
from glue_streaming.contract import EVENT_FIELDS, RAW_FIELDS, REJECT_REASONS
from infra.local.settings import REPO_ROOT
from tests.unit.dashboard.test_queries import built

VIEWS = REPO_ROOT / "dashboard" / "views"
TYPES = {
    "string": "varchar",
    "int": "integer",
    "double": "double",
    "bigint": "bigint",
    "binary": "varbinary",
    "timestamp_ntz": "timestamp(6)",
}
Manifest = dict[str, Any]


def of_type(manifest: Manifest, *types: str) -> list[dict[str, Any]]:
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    found = [node for node in nodes if node["resource_type"] in types]
    assert found
    return found


def test_every_table_and_column_is_described_with_its_type(manifest: Manifest) -> None:
    missing = []
    for node in of_type(manifest, "model", "seed", "source"):
        missing += [node["name"]] if not node["description"].strip() or not node["columns"] else []
        for column in node["columns"].values():
            if not column["description"].strip() or not column["data_type"]:
                missing.append(f"{node['name']}.{column['name']}")
    assert missing == []


def test_every_description_is_persisted_to_the_catalog(manifest: Manifest) -> None:
    for node in of_type(manifest, "model", "seed"):
        assert node["config"]["persist_docs"] == {"relation": True, "columns": True}, node["name"]


def test_grain_stands_in_the_first_line_and_in_the_description(manifest: Manifest) -> None:
    for node in of_type(manifest, "model"):
        assert node["raw_code"].splitlines()[0].startswith("-- One row per "), node["name"]
        assert node["description"].startswith("One row per "), node["name"]


def test_every_model_has_a_key_that_is_tested(manifest: Manifest) -> None:
    tested = {test["attached_node"] for test in of_type(manifest, "test") if test["name"].endswith("__key__unique")}
    # Staging holds copies and what has no id: raw has no key.
    models = {node["unique_id"] for node in of_type(manifest, "model") if node["fqn"][-2] != "staging"}
    assert models <= tested


def test_names_of_tests_say_model_column_and_rule_or_a_sentence(manifest: Manifest) -> None:
    names = {node["name"] for node in of_type(manifest, "model", "seed")}
    for test in of_type(manifest, "test"):
        model, *rest = test["name"].split("__")
        assert (model in names and len(rest) == 2) or re.fullmatch(r"assert(_[a-z0-9]+){3,}", test["name"]), test[
            "name"
        ]
    for test in manifest["unit_tests"].values():
        assert re.fullmatch(rf"{test['model']}__\w+__\w+", test["name"]), test["name"]


def test_every_model_that_computes_a_kpi_has_a_unit_test(manifest: Manifest) -> None:
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    # They list and count; what they show is computed in staging.
    plain = {"areas", "operators", "rejected_events", "stg_arrivals"}
    written_by_others = {"outage_notifications", "outage_acknowledgements", "refresh_runs"}
    assert {node["name"] for node in of_type(manifest, "model")} - plain - written_by_others <= tested


def test_the_source_is_the_raw_table_of_the_contract(manifest: Manifest) -> None:
    (source,) = manifest["sources"].values()
    declared = [(column["name"], column["data_type"]) for column in source["columns"].values()]
    assert declared == [(field.name, TYPES[field.type]) for field in RAW_FIELDS]


def test_reasons_and_field_names_are_those_of_the_contract(manifest: Manifest) -> None:
    (accepted,) = [t for t in of_type(manifest, "test") if t["name"] == "rejected_events__reject_reason__accepted"]
    assert set(accepted["test_metadata"]["kwargs"]["values"]) == set(REJECT_REASONS)
    macro = manifest["macros"]["macro.telcopulse.contract_fields"]["macro_sql"]
    assert re.findall(r"'(\w+)'", macro) == [field.name for field in EVENT_FIELDS]


def test_exposures_name_what_each_page_reads(manifest: Manifest) -> None:
    tables = {name: {table.name for table in _parsed(query.sql).find_all(exp.Table)} for name, query in built()}
    components = _called(REPO_ROOT / "dashboard" / "components.py")
    pages = {}
    for path in VIEWS.glob("[a-z]*.py"):
        called = _called(path)
        made = set().union(*called.values())
        used = {name for name in components if f"components.{name}" in path.read_text()}
        made |= set().union(*(components[name] for name in used))
        pages[f"dashboard_{path.stem}"] = set().union(*(tables[name] for name in made))
    declared = {
        exposure["name"]: {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
        if exposure["type"] == "dashboard"
    }
    assert declared == pages


def test_the_console_queries_exposure_names_what_they_read(manifest: Manifest) -> None:
    analyses = of_type(manifest, "analysis")
    assert len(analyses) == 10
    read = {node for analysis in analyses for node in analysis["depends_on"]["nodes"]}
    (exposure,) = [e for e in manifest["exposures"].values() if e["name"] == "console_queries"]
    assert set(exposure["depends_on"]["nodes"]) == read
    assert all(node.split(".")[0] == "model" and "marts" in manifest["nodes"][node]["path"] for node in read)


def test_the_data_dictionary_is_current(manifest: Manifest) -> None:
    page = (REPO_ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert page == data_dictionary(manifest), "make docs"


def _called(path: Any) -> dict[str, set[str]]:
    """The queries that each function of a module makes."""
    known = set(vars(queries))
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    return {
        function.name: {
            node.attr
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "queries" and node.attr in known
        }
        for function in functions
    }


def _parsed(sql: str) -> exp.Expression:
    return sqlglot.parse_one(re.sub(r"%\((\w+)\)[sd]", "'1'", sql), dialect="athena")
