"""Every API of the local AWS and no engine behind Athena, in the foreground: all that Terraform needs.

python -m tests.integration.services     (TELCOPULSE_AWS_PORT chooses the port)
"""

import os
import signal

from infra.local import server
from infra.local.settings import LocalSettings


def main() -> None:
    settings = LocalSettings.from_env()
    # AWS's own policies, which the roles of the pipeline refer to.
    os.environ.update(settings.environment(), MOTO_IAM_LOAD_MANAGED_POLICIES="true")
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    server.start_services(settings)
    (settings.state_dir / "ready").write_text(f"{os.getpid()}\n")
    signal.pause()


if __name__ == "__main__":
    main()
