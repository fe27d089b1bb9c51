"""The models' SQL, as dbt compiles it for Athena, on DuckDB: no AWS, and many times as fast on two cores."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from infra.local.settings import REPO_ROOT

SEEDS = ("feeds", "brands", "brand_variants", "service_loss_labels")
# Athena's functions that DuckDB has under another name. The hash is another one, as fair: of more than 64 phones in a
# cell and 5 minutes, others stand for all.
_FUNCTIONS = (
    "with_timezone(ts, zone) as timezone(zone, ts)",
    "at_timezone(ts, zone) as timezone(zone, ts)",
    "from_unixtime(seconds, zone) as timezone(zone, to_timestamp(seconds))",
    "map_agg(k, v) as map(list(k), list(v))",
    "xxhash64(bytes) as hash(bytes)",
    "from_big_endian_64(number) as cast(number >> 1 as bigint)",
)


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A database with Athena's division of integers and, as tables, the seeds that the models read."""
    connection = duckdb.connect(path, config={"memory_limit": "6GB"})
    connection.execute("set integer_division = true; set preserve_insertion_order = false; set TimeZone = 'UTC'")
    for function in _FUNCTIONS:
        connection.execute(f"create macro {function}")
    for seed in SEEDS:
        path = REPO_ROOT / f"dbt_project/seeds/{seed}.csv"
        connection.execute(f"create table {seed} as select * from read_csv('{path}', header = true)")
    return connection


def compiled(project: Path, names: Sequence[str], variables: str = "{}") -> dict[str, str]:
    """The models' SQL on DuckDB by name, without its incremental parts: what is touched, and what vanished."""
    flags = ("--quiet", "--no-introspect", "--no-populate-cache", "--indirect-selection", "empty")
    # Nothing is asked of AWS, but the adapter wants to know which one.
    environment = os.environ | {"DBT_PROFILES_DIR": str(project / "dbt_project"), "PYTHONPATH": str(REPO_ROOT)}
    program = (sys.executable, "-c", "from dbt.cli.main import cli; cli()")
    subprocess.run(
        [*program, "compile", *flags, "--vars", variables, "--select", *names],
        cwd=project,
        env=environment,
        check=True,
        capture_output=True,
    )
    found = {path.stem: path for path in project.glob("target/compiled/telcopulse/dbt_project/models/*/*.sql")}
    return {name: _rebuilt(found[name].read_text()) for name in names}


def on_duckdb(sql: str, tables: Mapping[str, str] | None = None) -> str:
    """`tables`: what stands for some of the relations that it reads."""
    tree = sqlglot.parse_one(sql, dialect="athena")
    # What is inside first.
    for node in reversed(list(tree.walk(bfs=False))):
        translated = _translate(node)
        if translated is not node:
            node.replace(translated)
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
        table.set("db", None)
        if tables and table.name in tables:
            table.this.replace(exp.to_identifier(tables[table.name]))
    return tree.sql(dialect="duckdb")


def _rebuilt(sql: str) -> str:
    body = re.sub(r"(?s)/\*touched .*?/\*end\*/", "true", sql)
    if "rebuilt as (" not in body:
        return body
    return body[: body.index("final as (")].rstrip().removesuffix(",") + "\nselect * from rebuilt"


def _translate(node: exp.Expression) -> exp.Expression:
    """What sqlglot leaves as it is, or gets wrong."""
    if isinstance(node, exp.ArraySlice):
        # Athena's third argument is a length.
        start, length = node.args["start"], node.args["end"]
        last = exp.paren(start.copy()) + exp.paren(length.copy()) - 1
        return exp.ArraySlice(this=node.this.copy(), start=start.copy(), end=last)
    if isinstance(node, exp.Reduce) and node.args.get("finish"):
        reduced, finish = node.copy(), node.args["finish"]
        reduced.set("finish", None)
        (name,) = (argument.name for argument in finish.expressions)
        return exp.paren(finish.this.transform(lambda part: reduced if _is_named(part, name) else part))
    if isinstance(node, exp.Repeat):
        return exp.func("list_resize", exp.cast(exp.array(), "bigint[]"), node.args["times"].copy(), node.this.copy())
    if isinstance(node, exp.Unnest):
        return _translate_unnest(node)
    return node


def _is_named(node: exp.Expression, name: str) -> bool:
    return isinstance(node, exp.Column | exp.Identifier) and node.name == name


def _translate_unnest(node: exp.Unnest) -> exp.Expression:
    """Of several arrays side by side, or of a map: DuckDB takes them apart in a SELECT only."""
    alias = node.args.get("alias")
    arrays = list(node.expressions)
    if alias and len(arrays) == 1 and len(alias.columns) == 2:
        arrays = [exp.func("map_keys", arrays[0].copy()), exp.func("map_values", arrays[0].copy())]
    if len(arrays) == 1:
        return node
    select = exp.select(*(exp.Anonymous(this="unnest", expressions=[array.copy()]) for array in arrays))
    return exp.Lateral(this=select.subquery(), alias=alias.copy())
