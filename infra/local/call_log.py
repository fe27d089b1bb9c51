"""Write down every call: who, which permissions it needed, what came of it, as JSON lines in the state folder."""

import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infra.local.aws_call import recognise
from infra.local.callers import caller
from infra.local.permissions import needed
from infra.local.settings import ENGINE_ACCESS_KEY
from infra.local.wsgi import Environ, StartResponse, WsgiApp

_KEY = re.compile(r"Credential=([^/,]+)/")
_BODY_LIMIT = 16 * 1024 * 1024


class LogCalls:
    """A WSGI application around the local AWS.

    `asking`: whose Athena queries, that may have to do with a resource of Glue, run now. The engine reads and writes S3
    with a key that tells for whom, but asks Glue with one key for all: of such a call only who may have asked for it is
    known.
    """

    def __init__(
        self,
        app: WsgiApp,
        log: Path,
        *,
        workgroup_of: Callable[[str], str],
        asking: Callable[[str], set[str]],
    ) -> None:
        self._app, self._workgroup_of, self._asking = app, workgroup_of, asking
        log.parent.mkdir(parents=True, exist_ok=True)
        self._file = log.open("a", buffering=1)
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/_telcopulse/"):
            return self._app(environ, start_response)
        lines = self._describe(environ)

        def started(status: str, *arguments: Any) -> Any:
            self._write(lines, int(status.partition(" ")[0]))
            return start_response(status, *arguments)

        return self._app(environ, started)

    def _describe(self, environ: Environ) -> list[dict[str, Any]]:
        call = recognise(environ)
        body = b""
        if call.service != "s3" or call.operation == "DeleteObjects":
            length = int(environ.get("CONTENT_LENGTH") or 0)
            if 0 < length <= _BODY_LIMIT:
                body = environ["wsgi.input"].read(length)
                environ["wsgi.input"] = io.BytesIO(body)
        headers = {name[5:].lower().replace("_", "-"): text for name, text in environ.items() if name[:5] == "HTTP_"}
        key = _access_key(environ)
        role, through_athena = caller(key)
        roles = sorted(self._asking(call.resource)) if key == ENGINE_ACCESS_KEY else [role]
        return [
            {
                "roles": roles,
                "through_athena": through_athena,
                "operation": f"{call.service}:{call.operation}",
                "action": one.action,
                "resources": one.resources,
                "context": one.context,
            }
            for one in needed(call, body, headers, self._workgroup_of)
        ]

    def _write(self, lines: list[dict[str, Any]], status: int) -> None:
        ts = round(time.time(), 3)
        text = "".join(json.dumps({"ts": ts, **line, "status": status}) + "\n" for line in lines)
        with self._lock:
            self._file.write(text)


def _access_key(environ: Environ) -> str:
    query = unquote(environ.get("QUERY_STRING", "")).replace("X-Amz-Credential=", "Credential=")
    found = _KEY.search(environ.get("HTTP_AUTHORIZATION") or query)
    return found[1] if found else "anonymous"
