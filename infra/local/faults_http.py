"""The faults' place in the server: strikes calls on their way in or out, and answers the control API."""

import io
import json
import socket
import struct
from collections.abc import Callable, Iterable
from typing import Any

from infra.local.aws_call import AwsCall, error_response, recognise, service_of
from infra.local.faults import REGISTRY, Fault, InvalidFault, Registry, Rule
from infra.local.wsgi import Environ, StartResponse, WsgiApp

CONTROL_PATH = "/_telcopulse/faults"

Answer = tuple[int, dict[str, Any]]

_REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class FaultMiddleware:
    """A WSGI application around the local AWS."""

    def __init__(self, app: WsgiApp, registry: Registry = REGISTRY) -> None:
        self._app, self._registry = app, registry

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(CONTROL_PATH):
            status, document = control(self._registry, environ)
            return _respond(start_response, status, document)
        if not self._registry.concerns(service_of(environ)):
            return self._app(environ, start_response)
        call = recognise(environ)
        rule = self._registry.take(call.service, call.operation, call.resource, wildcard=True)
        if rule is None:
            return self._app(environ, start_response)
        return self._strike(rule, call, environ, start_response)

    def _strike(self, rule: Rule, call: AwsCall, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        fault = rule.fault
        answer: tuple[tuple[Any, ...], list[bytes]] | None = None
        if fault.when == "after":
            answer = _perform(self._app, environ)
        rule.hold()
        if fault.action == "reset":
            reset(environ.get("werkzeug.socket"))
        if fault.action == "stall":
            if answer is None:
                return self._app(environ, start_response)
            start_response(*answer[0])
            return answer[1]
        status, headers, body = error_response(call, fault.code, fault.message, fault.status)
        start_response(status, headers)
        return [body]


def control(registry: Registry, environ: Environ) -> Answer:
    """Answer one request to the control API: add, list, look at, remove."""
    method = environ["REQUEST_METHOD"]
    name = environ["PATH_INFO"].removeprefix(CONTROL_PATH).strip("/")
    if name and not (name.isdigit() and any(rule.id == int(name) for rule in registry.rules())):
        return 404, {"error": f"no fault {name}: GET {CONTROL_PATH} lists them"}
    if method == "POST" and not name:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            given = json.loads(body)
            if not isinstance(given, dict):
                raise InvalidFault("body", given, "a JSON object that describes one fault")
            return 201, registry.add(Fault.parse(given)).to_json()
        except json.JSONDecodeError as error:
            return 400, {"error": f"the body is no JSON: {error}"}
        except InvalidFault as error:
            return 400, {"error": str(error)}
    if method == "GET":
        rules = [rule.to_json() for rule in registry.rules()]
        return (200, next(rule for rule in rules if rule["id"] == int(name))) if name else (200, {"faults": rules})
    if method == "DELETE":
        return 200, {"faults": [rule.to_json() for rule in registry.remove(int(name) if name else None)]}
    return 405, {"error": f"{method} does nothing here: POST adds a fault, GET lists, DELETE removes"}


def reset(connection: socket.socket | None) -> None:
    """Close with an RST instead of a FIN, so that the client sees `connection reset by peer`.

    Raises: ConnectionResetError, always: there is nobody left to answer.
    """
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(connection.detach())
    raise ConnectionResetError("a fault reset the connection")


def _perform(app: WsgiApp, environ: Environ) -> tuple[tuple[Any, ...], list[bytes]]:
    """Run the call to its end and keep the answer."""
    started: list[tuple[Any, ...]] = []

    def start_response(*arguments: Any) -> Callable[[bytes], int]:
        started.append(arguments)
        return io.BytesIO().write

    chunks = app(environ, start_response)
    try:
        body = list(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return started[-1], body


def _respond(start_response: StartResponse, status: int, document: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(document).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {_REASONS[status]}", headers)
    return [body]
