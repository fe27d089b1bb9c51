"""What people type beside the running system."""

import subprocess
from pathlib import Path

from infra.local.settings import REPO_ROOT

BIN = REPO_ROOT / ".venv" / "bin"


def dbt(folder: Path, *command: str) -> str:
    """What dbt printed; its own files go to `folder`."""
    program = [BIN / "dbt", *command, "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    done = subprocess.run(program, cwd=REPO_ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout
