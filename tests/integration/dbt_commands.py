"""Runs dbt commands one after another in one process: a cold start costs six seconds.

`python -m tests.integration.dbt_commands '[["debug"], ["build"]]'` prints one JSON line: which of them succeeded.
"""

import json
import sys

from dbt.cli.main import dbtRunner


def main() -> None:
    runner = dbtRunner()
    succeeded = [runner.invoke(command).success for command in json.loads(sys.argv[1])]
    print(json.dumps(succeeded))


if __name__ == "__main__":
    main()
