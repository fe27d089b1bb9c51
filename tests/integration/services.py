"""Every API of the local AWS and no engine behind Athena, in the foreground: all that Terraform needs.

python -m tests.integration.services     (TELCOPULSE_AWS_PORT chooses the port)
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from infra.local import processes, server
from infra.local.settings import REPO_ROOT, LocalSettings
from infra.local.smoke import on_free_ports

READY_TIMEOUT_S = 60


@contextmanager
def own_services(folder: Path, **changes: Any) -> Iterator[LocalSettings]:
    """An account with nothing in it on free ports, in a process of its own; the environment points to it.

    `changes`: fields of LocalSettings that differ from the environment's.
    """
    settings = replace(on_free_ports(LocalSettings.from_env(), folder), **changes)
    log, ready = settings.logs_dir / "services.log", settings.state_dir / "ready"
    with patch.dict(os.environ, settings.environment()):
        command = [sys.executable, "-m", "tests.integration.services"]
        child = processes.start("services", command, settings.environment(), log, cwd=REPO_ROOT)
        try:
            processes.wait_until(ready.exists, child, "the local AWS", log, READY_TIMEOUT_S)
            yield settings
        finally:
            processes.stop(child)


def main() -> None:
    settings = LocalSettings.from_env()
    # AWS's own policies, which the roles of the pipeline refer to.
    os.environ.update(settings.environment(), MOTO_IAM_LOAD_MANAGED_POLICIES="true")
    server.start_services(settings)
    (settings.state_dir / "ready").write_text(f"{os.getpid()}\n")
    signal.pause()


if __name__ == "__main__":
    main()
