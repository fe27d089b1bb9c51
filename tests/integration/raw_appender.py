"""A stream-like writer as a process: one Spark session, one append to the raw table a batch.

Prints a JSON line a commit: the rows so far.
"""

import json
import sys
from datetime import UTC, datetime

from glue_streaming import backfill, table
from glue_streaming.parsing import parse

ROWS_PER_COMMIT = 5


def main() -> None:
    name, warehouse, commits = sys.argv[1], sys.argv[2], int(sys.argv[3])
    spark = table.create_session(name, warehouse)
    table.ensure(spark, name, warehouse)
    for commit in range(commits):
        now = datetime.now(UTC).isoformat()
        numbers = range(commit * ROWS_PER_COMMIT + 1, (commit + 1) * ROWS_PER_COMMIT + 1)
        events = [(number, json.dumps({"event_id": f"e{number}", "event_ts": now}).encode()) for number in numbers]
        backfill.to_frame(spark, "stream", events).transform(parse).writeTo(name).append()
        print(json.dumps({"commit": commit + 1, "rows": numbers[-1]}), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
