"""AWS behaviour that moto lacks and TelcoPulse needs: one module a service, each patch saying what it restores."""

from infra.local.patches import glue, kinesis, s3
from infra.local.settings import LocalSettings


def install(settings: LocalSettings) -> None:
    """Patch moto in this process. Call once, before the server starts."""
    glue.install()
    kinesis.install(limits=settings.kinesis_limits)
    s3.install()
