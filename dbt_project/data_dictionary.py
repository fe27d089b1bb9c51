"""Write the data dictionary from what the dbt project declares: `python -m dbt_project.data_dictionary FILE`."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

_SECTIONS = {
    "marts": "Marts: what the dashboard and analysts read",
    "intermediate": "Intermediate: 5-minute grain, which marts are made of",
    "staging": "Staging: views over the raw table",
    "sources": "Raw: what the streaming job and the backfill write",
    "seeds": "Seeds: what people keep by hand",
}


def main() -> int:
    path = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        parsed = dbtRunner().invoke(["parse", "--quiet", "--target-path", folder, "--log-path", folder])
        if not parsed.success:
            print(f"error: the dbt project can't be parsed: {parsed.exception or 'see above'}", file=sys.stderr)
            return 1
        manifest = json.loads((Path(folder) / "manifest.json").read_text())
    path.write_text(data_dictionary(manifest), encoding="utf-8")
    return 0


def data_dictionary(manifest: Mapping[str, Any]) -> str:
    """The page, from dbt's manifest as JSON."""
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    lines = [
        "# Data dictionary",
        "",
        "Made by `make docs` from the YAML in `dbt_project`; the Glue catalog has it too.",
    ]
    for section, title in _SECTIONS.items():
        lines += ["", f"## {title}"]
        for node in sorted(nodes, key=lambda node: str(node["name"])):
            if _section(node) == section:
                lines += ["", *_table(node)]
    return "\n".join(lines) + "\n"


def _section(node: Mapping[str, Any]) -> str | None:
    kind = node["resource_type"]
    return {"source": "sources", "seed": "seeds", "model": node["fqn"][-2]}.get(kind)


def _table(node: Mapping[str, Any]) -> list[str]:
    columns = node["columns"].values()
    return [
        f"### {node['name']}",
        _text(node["description"]),
        "",
        "| column | type | meaning |",
        "| --- | --- | --- |",
        *(f"| `{column['name']}` | {column['data_type']} | {_text(column['description'])} |" for column in columns),
    ]


def _text(description: str) -> str:
    return " ".join(description.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
