"""The HTTP server of the local AWS: moto's applications behind faults, on connections that are kept alive."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wsgi import LimitedStream

from infra.local.aws_call import AwsCall, error_response, service_of
from infra.local.cbor import RefuseCbor
from infra.local.faults_http import FaultMiddleware
from infra.local.put_limit import LimitPuts
from infra.local.settings import LOOPBACK
from infra.local.wsgi import Environ, WsgiApp

log = logging.getLogger("telcopulse.local.http")

# Longer than any SDK keeps an idle connection, so that the client closes first and never meets a closed one.
_IDLE_TIMEOUT_S = 300
_DRAIN_STEP_BYTES, _DRAIN_STEPS = 1024 * 1024, 64


def build_app(max_put_mb: int) -> WsgiApp:
    """All of the local AWS as one WSGI application; moto must be patched before."""
    return FaultMiddleware(LimitPuts(RefuseCbor(Dispatcher(create_backend_app)), max_put_mb))


def start(port: int, app: WsgiApp) -> BaseWSGIServer:
    """Serve in a thread until the process ends or `shutdown` is called; the port listens on return."""
    server = make_server(LOOPBACK, port, app, threaded=True, request_handler=KeepAliveHandler)
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server


class Dispatcher(DomainDispatcherApplication):
    """Moto's own, which looks through its 180 folders to find a host's service, but once a host: a third of a call."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._known: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._known:
            self._known[host] = super().get_backend_for_host(host)
        return self._known[host]


class KeepAliveHandler(MotoRequestHandler):
    """Serve many requests over one connection, as AWS does; werkzeug's own handler closes it after each.

    An answer leaves in one packet if it fits, and what the application left unread of a request is read away.
    """

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_TIMEOUT_S
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def run_wsgi(self) -> None:
        environ: Environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = LimitedStream(environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input_terminated"] = True
        try:
            self._answer(environ)
            self._drain(environ["wsgi.input"])
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Nothing: a line a request would be most of the log."""

    def _answer(self, environ: Environ) -> None:
        started: list[Any] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], Any]:
            started[:] = [status, list(headers)]
            return self.wfile.write

        chunks: Iterable[bytes] = ()
        try:
            chunks = self.server.app(environ, start_response)
            self._send(started[0], started[1], chunks)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:
            log.exception("event=request_failed method=%s path=%s", self.command, self.path)
            if self._is_answering:
                raise ConnectionAbortedError("an answer broke off") from error
            self._send(*_internal_error(environ, error))
        finally:
            self._is_answering = False
            getattr(chunks, "close", lambda: None)()

    _is_answering = False

    def _send(self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        code, _, reason = status.partition(" ")
        names = {name.lower() for name, _ in headers}
        has_body = self.command != "HEAD" and not code.startswith("1") and code not in ("204", "304")
        if has_body and "content-length" not in names:
            chunks = [b"".join(chunks)]
            headers = [*headers, ("Content-Length", str(len(chunks[0])))]
        announced = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        self._is_answering = True
        self.send_response_only(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        sent = 0
        for chunk in chunks:
            if has_body:
                self.wfile.write(chunk)
                sent += len(chunk)
        self.wfile.flush()
        if has_body and sent != announced:
            log.error("event=wrong_length announced=%d sent=%d path=%s", announced, sent, self.path)
            self.close_connection = True

    def _drain(self, body: Any) -> None:
        """Read away what is left, so that the next request starts where it should."""
        for _ in range(_DRAIN_STEPS):
            if not body.read(_DRAIN_STEP_BYTES):
                return
        self.close_connection = True


def _internal_error(environ: Environ, error: Exception) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    """What moto doesn't do or does wrong, as the error of the caller's protocol instead of a page with a trace."""
    is_missing = isinstance(error, NotImplementedError)
    service = service_of(environ)
    protocol = "json" if environ.get("HTTP_X_AMZ_TARGET") else "s3" if service == "s3" else "query"
    call = AwsCall(service, "", environ.get("PATH_INFO", "").lstrip("/"), protocol, environ["REQUEST_METHOD"] == "HEAD")
    code = "NotImplemented" if is_missing else "InternalError" if service == "s3" else "InternalFailure"
    message = f"the local AWS has no answer to this call: {type(error).__name__}: {error}"
    status, headers, body = error_response(call, code, message, 501 if is_missing else 500)
    return status, headers, [body]
