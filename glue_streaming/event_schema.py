"""The contract for producers: a JSON Schema (draft 2020-12) and a documentation page.

python -m glue_streaming.event_schema docs
"""

import json
import sys
from pathlib import Path
from typing import Any

from glue_streaming.contract import (
    EVENT_FIELDS,
    EVENT_TS_PATTERN,
    ODD_CASES,
    REJECT_REASONS,
    SCHEMA_VERSIONS,
    Field,
)

SCHEMA_FILE = "event-contract.schema.json"
PAGE_FILE = "event-contract.md"
# The schema takes a record that has one of these faults, and the job refuses it.
UNSEEN = {
    "bytes": "What stands before the parsed value: bytes that are not UTF-8, a KPL aggregate, text behind the object, "
    "NaN where the validator's JSON reader lets it pass.",
    "duplicate keys": "Duplicate keys: a validator sees the last one, the job wants the right type of each.",
    "3.0 for an integer": "3.0 or 1e2 for an integer, which to JSON Schema is one.",
    "calendar": "A day that the month lacks (30 February), and a time outside the years 1 to 9999 in UTC.",
    "age": "event_in_future and event_too_old, which depend on the time of arrival.",
    "limits": "Nesting deeper than 999 levels, numbers of more than 1,000 digits, names of more than 50,000 "
    "characters.",
}
_TEXT = "Text; any other JSON value is kept as its JSON text."


def main() -> int:
    folder = Path(sys.argv[1])
    (folder / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
    (folder / PAGE_FILE).write_text(page(), encoding="utf-8")
    return 0


def schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "TelcoPulse network event",
        "description": "One record of the stream; unknown fields are allowed.",
        "type": "object",
        "required": [field.name for field in EVENT_FIELDS if field.required],
        "properties": {field.name: _property(field) for field in EVENT_FIELDS},
    }


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """The contract as Markdown."""
    fields = [
        f"| `{field.name}` | {_json_type(field)} | {_presence(field)} | {field.since} | {field.meaning} |"
        for field in EVENT_FIELDS
    ]
    reasons = [f"| `{reason}` | {text} |" for reason, text in REJECT_REASONS.items()]
    return "\n".join(
        [
            "# The event contract",
            "",
            "Made from `glue_streaming/contract.py` by `make docs`. One UTF-8 JSON object a Kinesis record; producers",
            f"can check theirs with [the JSON Schema]({SCHEMA_FILE}). Versions taken, side by side: "
            f"{', '.join(map(str, SCHEMA_VERSIONS))}.",
            "",
            "## Fields",
            "| field | type | required | since | meaning |",
            "| --- | --- | --- | --- | --- |",
            *fields,
            "",
            "## Reasons to refuse a record",
            "A refused record is a row too: `reject_reason` and `payload` are set, the fields are null. Looked for in",
            "this order; the first found counts.",
            "",
            "| reject_reason | meaning |",
            "| --- | --- |",
            *reasons,
            "",
            "## Odd cases",
            *(f"- {sentence}" for sentence in ODD_CASES),
            "",
            "## What the JSON Schema can't see",
            "It takes these records, and the job refuses them:",
            *(f"- {sentence}" for sentence in UNSEEN.values()),
            "",
        ]
    )


def _property(field: Field) -> dict[str, Any]:
    by_type: dict[str, dict[str, Any]] = {
        "string": {"description": f"{field.meaning} {_TEXT}"},
        "int": {"type": ["integer", "null"], "minimum": -(2**31), "maximum": 2**31 - 1},
        "double": {"type": ["number", "null"]},
        "timestamp_ntz": {"type": "string", "pattern": EVENT_TS_PATTERN},
    }
    rule = {"description": field.meaning} | by_type[field.type]
    if field.required and field.type == "string":
        rule |= {"not": {"type": "null"}, "pattern": "[^ ]"}
    if field.name == "schema_version":
        rule = {"description": field.meaning, "enum": [*SCHEMA_VERSIONS, None]}
    return rule if field.default is None else rule | {"default": field.default}


def _json_type(field: Field) -> str:
    names = {"int": "integer (32 bits)", "double": "number", "timestamp_ntz": "ISO-8601 date and time with offset"}
    return names.get(field.type, field.type)


def _presence(field: Field) -> str:
    if field.required:
        return "yes"
    return "no" if field.default is None else f"no (`{field.default}`)"


if __name__ == "__main__":
    sys.exit(main())
