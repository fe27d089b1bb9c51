"""AWS behaviour that moto lacks and TelcoPulse needs: one module a service, each patch saying what it restores."""

from typing import Any

from moto.core.common_models import BaseModel

from infra.local.patches import bucket_policy, crawler, deployment, glue, glue_listing, kinesis, s3, tags
from infra.local.settings import LocalSettings


def install(settings: LocalSettings) -> None:
    """Patch moto in this process. Call once, before the server starts; empties the folder of S3 objects."""
    BaseModel.__new__ = _new
    glue.install()
    glue_listing.install()
    crawler.install()
    kinesis.install(limits=settings.kinesis_limits)
    s3.install(settings.objects_dir)
    bucket_policy.install()
    tags.install()
    deployment.install()


def _new(cls: type, *args: Any, **kwargs: Any) -> Any:
    """Deleted resources leave the memory: moto keeps every instance that ever was, for its own dashboard."""
    return object.__new__(cls)
