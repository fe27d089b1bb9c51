"""A Spark session as a process: one SQL statement a line on stdin, one JSON answer a line on stdout."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from infra.local.settings import REPO_ROOT

CATALOG = "glue_catalog"


class Spark(Protocol):
    def __call__(self, statement: str) -> list[list[Any]]:
        """Run one statement; returns its rows. Fails with Spark's message."""


@contextmanager
def spark_shell(warehouse: str) -> Iterator[Spark]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.spark_shell", warehouse],
        cwd=REPO_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    requests, answers = process.stdin, process.stdout

    def run(statement: str) -> list[list[Any]]:
        requests.write(json.dumps(statement) + "\n")
        requests.flush()
        answer = json.loads(answers.readline())
        assert "error" not in answer, answer["error"]
        return list(answer["rows"])

    try:
        yield run
        requests.close()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()


def main() -> None:
    from glue_streaming.table import create_session

    spark = create_session(f"{CATALOG}.any.any", sys.argv[1])
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"rows": [list(row) for row in spark.sql(json.loads(line)).collect()]}
        except Exception as error:  # the test's assertion shows whatever Spark said
            answer = {"error": str(error)}
        print(json.dumps(answer, default=str), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
