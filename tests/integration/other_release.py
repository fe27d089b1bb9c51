"""Run a program of ours as another release of it would run.

python -m tests.integration.other_release [--with-field roaming] [--refusing-all] glue_streaming.job …
"""

import argparse
import runpy
import sys
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

WITH_FIELD = ("--with-field", "roaming")
REFUSING_ALL = ("--refusing-all",)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--with-field", help="an optional text field that the contract has not yet")
    parser.add_argument("--refusing-all", action="store_true", help="its parser rejects every record as wrong_type")
    parser.add_argument("module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    release = parser.parse_args()
    if release.with_field:
        add_field(release.with_field)
    if release.refusing_all:
        refuse_all()
    sys.argv = [release.module, *release.arguments]
    runpy.run_module(release.module, run_name="__main__", alter_sys=True)


def add_field(name: str) -> None:
    """Before any module takes the contract's fields over."""
    from glue_streaming import contract

    template = next(field for field in contract.EVENT_FIELDS if field.name == "network")
    contract.EVENT_FIELDS += (replace(template, name=name, meaning="A field of the next release."),)
    contract.RAW_FIELDS = contract.EVENT_FIELDS + contract.AUDIT_FIELDS


def refuse_all() -> None:
    from glue_streaming import contract, parsing

    good = parsing.parse

    def bad(records: DataFrame) -> DataFrame:
        nothing = {field.name: F.lit(None).cast(field.type) for field in contract.EVENT_FIELDS}
        return good(records).withColumns({**nothing, "reject_reason": F.lit("wrong_type")})

    parsing.parse = bad


if __name__ == "__main__":
    main()
