"""For whom Athena acts: it reads and writes Glue and S3 with the rights of whoever asked, and so does the engine.

Source: "Forward access sessions", https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from infra.local.callers import ROLES, caller, forward_key
from infra.local.settings import ACCESS_KEY

role: ContextVar[str | None] = ContextVar("role", default=None)


def access_key() -> str:
    """What Athena signs with in this thread."""
    asked_by = role.get()
    return forward_key(asked_by) if asked_by else ACCESS_KEY


def on_behalf(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The handler of an API call, done with its caller's rights; a caller with no role of its own has all."""

    @wraps(handler)
    def call(self: Any) -> Any:
        name, _ = caller(self.access_key)
        token = role.set(name if name in ROLES else None)
        try:
            return handler(self)
        finally:
            role.reset(token)

    return call
