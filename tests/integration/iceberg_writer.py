"""A writer as a process of its own: appends rows to one Iceberg table through the Glue catalog, a commit a row batch.

Prints one JSON line: the ids of every append that the catalog acknowledged.
"""

import argparse
import json

import pyarrow as pa

from tests.integration.catalog_clients import pyiceberg_catalog

ROWS_PER_COMMIT = 3
# A commit that lost a race is made again on the new state. Losers wait 0.1 s, then twice as long up to a second: sooner
# costs more than it gains, for a repeated commit writes the table's whole metadata again.
RETRIES = {"commit.retry.num-retries": "200", "commit.retry.max-wait-ms": "1000"}


def write(endpoint_url: str, table_name: str, writer: int, commits: int) -> list[int]:
    """Append `commits` batches, each with ids that no other writer has; returns the acknowledged ids."""
    table = pyiceberg_catalog(endpoint_url).load_table(table_name)
    acknowledged: list[int] = []
    for commit in range(commits):
        first = (writer * commits + commit) * ROWS_PER_COMMIT
        ids = list(range(first, first + ROWS_PER_COMMIT))
        table.append(pa.table({"id": pa.array(ids, pa.int64())}))
        acknowledged += ids
    return acknowledged


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint_url")
    parser.add_argument("table_name")
    parser.add_argument("writer", type=int)
    parser.add_argument("commits", type=int)
    arguments = parser.parse_args()
    print(json.dumps(write(**vars(arguments))))


if __name__ == "__main__":
    main()
