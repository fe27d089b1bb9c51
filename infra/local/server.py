"""The local AWS in the foreground: moto's server in this process, Trino as its child, until SIGTERM or Ctrl-C."""

import logging
import os
import resource
import shutil
import signal
import sys
import time
from types import FrameType

from infra.local import athena, http_server, patches, processes, resources
from infra.local.call_log import LogCalls
from infra.local.settings import LocalError, LocalSettings
from infra.local.trino import Trino

log = logging.getLogger("telcopulse.local")

_WATCH_INTERVAL_S = 1.0


def serve(settings: LocalSettings) -> None:
    """Run an empty account on the settings' ports; writes `ready` to the state folder when all of it answers.

    Raises: PortTaken, ChildDied, NotReady.
    """
    started = time.monotonic()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("werkzeug", "botocore", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    processes.require_free(settings.aws_port, "TELCOPULSE_AWS_PORT")
    processes.require_free(settings.trino_port, "TELCOPULSE_TRINO_PORT")
    _allow_many_files()
    _exit_on_signals()
    os.environ.update(settings.environment())
    trino = Trino(settings)
    trino.start()
    try:
        start_services(settings)
        resources.create()
        trino.wait()
        (settings.state_dir / "ready").write_text(f"{os.getpid()}\n")
        log.info(
            "event=ready seconds=%.1f endpoint=%s account=empty",
            time.monotonic() - started,
            settings.endpoint_url,
        )
        _watch(trino)
    finally:
        (settings.state_dir / "ready").unlink(missing_ok=True)
        trino.stop()
        for folder in (settings.objects_dir, settings.spark_temporary_dir):
            shutil.rmtree(folder, ignore_errors=True)
        log.info("event=stopped")


def start_services(settings: LocalSettings) -> None:
    """Serve an account with nothing in it, in threads of this process; queries need an engine beside it."""
    # A stack that was killed left it.
    shutil.rmtree(settings.spark_temporary_dir, ignore_errors=True)
    settings.spark_temporary_dir.mkdir(parents=True)
    patches.install(settings)
    athena.install(
        trino_url=settings.trino_url,
        endpoint_url=settings.endpoint_url,
        dml_timeout_s=settings.athena_dml_timeout_s,
    )
    app = http_server.build_app(settings.max_put_mb)
    if settings.record_calls:
        app = LogCalls(app, settings.calls_log, workgroup_of=athena.workgroup_of, asking=athena.asking)
    http_server.start(settings.aws_port, app)


def _watch(trino: Trino) -> None:
    """Restart Trino when it died; the API stays up and its callers see failed queries meanwhile."""
    while True:
        time.sleep(_WATCH_INTERVAL_S)
        if not trino.is_alive():
            log.error("event=trino_died action=restart log=%s", trino.log)
            _restart(trino)


def _restart(trino: Trino) -> None:
    """Start Trino again; one that does not come up is ended, for the next look to try once more."""
    try:
        trino.start()
        trino.wait()
    except LocalError as error:
        log.error("event=trino_restart_failed action=retry error=%r", str(error))
        trino.stop()
    else:
        log.info("event=trino_restarted")


def _exit_on_signals() -> None:
    """Turn SIGTERM and Ctrl-C into SystemExit, so that `finally` stops Trino from wherever we are."""

    def leave(signum: int, frame: FrameType | None) -> None:
        sys.exit(0)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, leave)


def _allow_many_files() -> None:
    """Raise the soft limit of open files: each client's connection and each read of an object is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
