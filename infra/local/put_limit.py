"""Refuse an S3 upload that is larger in one request than the local AWS may hold in memory."""

import io
from collections.abc import Iterable

from infra.local.aws_call import error_response, recognise, service_of
from infra.local.settings import MAX_PUT_VARIABLE
from infra.local.wsgi import Environ, StartResponse, WsgiApp

_MIB = 1024 * 1024


class LimitPuts:
    """A WSGI application around the local AWS.

    A request's body is in memory while it is received. AWS takes 5 GB in one PUT or part; its clients send files in
    parts of 5 to 64 MB.
    """

    def __init__(self, app: WsgiApp, max_put_mb: int) -> None:
        self._app = app
        self._max_put_mb = max_put_mb

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if service_of(environ) != "s3":
            return self._app(environ, start_response)
        limit = self._max_put_mb * _MIB
        if environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower() == "chunked":
            # Its length is known at its end only.
            body = environ["wsgi.input"].read(limit + 1)
            if len(body) <= limit:
                environ["wsgi.input"] = io.BytesIO(body)
                return self._app(environ, start_response)
        elif int(environ.get("CONTENT_LENGTH") or 0) <= limit:
            return self._app(environ, start_response)
        return self._refuse(environ, start_response)

    def _refuse(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        while environ["wsgi.input"].read(_MIB):
            pass  # a client hears nothing while it sends
        message = (
            f"the local AWS takes {self._max_put_mb} MiB in one request: upload in parts, or set {MAX_PUT_VARIABLE} "
            "where it is started"
        )
        status, headers, body = error_response(recognise(environ), "EntityTooLarge", message, 400)
        start_response(status, headers)
        return [body]
