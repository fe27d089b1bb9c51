"""Command line of the local stack: `python -m infra.local up|down|serve|demo|smoke`."""

import argparse
import signal
import sys

from infra.local import demo, server, smoke, stack
from infra.local.settings import LocalError, LocalSettings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the local AWS in the background")
    commands.add_parser("down", help="stop the local AWS and everything started with it")
    commands.add_parser("serve", help="run the local AWS in the foreground")
    demo.add_arguments(commands.add_parser("demo", help="run the whole system on the real slice"))
    smoke.add_arguments(commands.add_parser("smoke", help="run the path once without a screen and print one JSON line"))
    arguments = parser.parse_args()
    # Also when a shell started us in the background, where Ctrl-C would be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = LocalSettings.from_env()
        return _COMMANDS[arguments.command](settings, arguments)
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _up(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    stack.start(settings, tied_to_us=False)
    print(f"The local AWS answers at {settings.endpoint_url}: a new, empty account. Logs: {settings.logs_dir}")
    print("By hand:  . infra/local/aws.env   then aws, dbt or python.   `make down` stops it.")
    return 0


def _down(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    print("stopped" if stack.stop(settings) else f"nothing runs at {settings.endpoint_url}")
    return 0


def _serve(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    server.serve(settings)
    return 0


_COMMANDS = {"up": _up, "down": _down, "serve": _serve, "demo": demo.run, "smoke": smoke.run}

if __name__ == "__main__":
    sys.exit(main())
