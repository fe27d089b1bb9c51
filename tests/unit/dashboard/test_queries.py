"""Queries bind every value, read marts only, and name no column that a mart doesn't have."""

import ast
import inspect
import re
from pathlib import Path

import pytest
import sqlglot
import yaml
from sqlglot import exp

from dashboard import queries
from infra.local.settings import REPO_ROOT

MARTS = REPO_ROOT / "dbt_project" / "models" / "marts"
EVIL = "x' or 1=1 --"
DASHBOARD = REPO_ROOT / "dashboard"


def contracts() -> dict[str, set[str]]:
    found = {}
    for path in MARTS.glob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            found[model["name"]] = {column["name"] for column in model["columns"]}
    return found


def built() -> list[tuple[str, queries.Query]]:
    made = []
    for name, function in inspect.getmembers(queries, inspect.isfunction):
        if function.__module__ != queries.__name__:
            continue
        numbers = {"since_days": 2}
        arguments = {arg: numbers.get(arg, EVIL) for arg in inspect.signature(function).parameters}
        made.append((name, function(**arguments)))
    return made


@pytest.mark.parametrize(("name", "query"), built(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_value_reaches_the_text_of_a_query(name: str, query: queries.Query) -> None:
    assert EVIL not in query.sql
    assert set(re.findall(r"%\((\w+)\)", query.sql)) == set(query.parameters)


@pytest.mark.parametrize(("name", "query"), built(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_query_reads_columns_that_the_marts_contracts_have(name: str, query: queries.Query) -> None:
    known = contracts()
    text = re.sub(r"%\((\w+)\)[sd]", "'1'", query.sql)
    tree = sqlglot.parse_one(text, dialect="athena")
    tables = {table.alias_or_name: table.name for table in tree.find_all(exp.Table)}
    assert set(tables.values()) <= set(known), name
    columns_of = {alias: known[table] for alias, table in tables.items()}
    columns_of |= {subquery.alias: set(subquery.this.named_selects) for subquery in tree.find_all(exp.Subquery)}
    aliases = {alias.alias for alias in tree.find_all(exp.Alias)}
    for column in tree.find_all(exp.Column):
        candidates = [column.table] if column.table else [*tables]
        has_it = any(column.name in columns_of[candidate] for candidate in candidates)
        assert has_it or column.name in aliases, f"{name}: {column.sql()}"


def test_charts_formatting_and_queries_know_nothing_of_streamlit_or_aws() -> None:
    for module in ("charts", "formatting", "filters", "queries"):
        tree = ast.parse((DASHBOARD / f"{module}.py").read_text())
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not {name.split(".")[0] for name in imported} & {"streamlit", "boto3", "pyathena"}, module


def test_nothing_in_job_models_dashboard_or_feed_knows_where_it_runs() -> None:
    """Only endpoint variables differ between AWS and a laptop."""
    forbidden = re.compile(r"infra\.local|localhost|AWS_ENDPOINT_URL|\bmoto\b|\btrino\b", re.IGNORECASE)
    folders = [REPO_ROOT / name for name in ("glue_streaming", "dbt_project", "dashboard", "infra/feed")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".sql", ".yml")]
    assert len(files) > 50
    assert not [str(path) for path in files if forbidden.search(Path(path).read_text(encoding="utf-8"))]
