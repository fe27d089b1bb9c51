"""Ask the dashboard of this container whether it serves: exit code 0 if so. `python -m dashboard.health [port]`."""

import sys
import urllib.error
import urllib.request

DEFAULT_PORT = 8501
TIMEOUT_S = 3


def main(arguments: list[str]) -> int:
    port = int(arguments[0]) if arguments else DEFAULT_PORT
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=TIMEOUT_S):
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(f"no dashboard serves on port {port}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
