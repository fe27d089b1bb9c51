"""The engine's answers as the local Athena sees them; an engine without nodes can't be had, so a server stands in."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from infra.local.athena.trino_client import TrinoClient, TrinoError


class Engine(BaseHTTPRequestHandler):
    """Answers each statement with the next of `answers`."""

    answers: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(self.answers.pop(0)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        pass


@pytest.fixture
def client() -> Iterator[TrinoClient]:
    server = HTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield TrinoClient(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def failed(name: str) -> dict[str, Any]:
    return {"error": {"errorName": name, "errorType": "INSUFFICIENT_RESOURCES", "message": name.lower()}}


def test_a_statement_that_found_no_node_is_run_again(client: TrinoClient) -> None:
    Engine.answers = [failed("NO_NODES_AVAILABLE"), {"columns": [], "data": [["1"]]}]
    assert client.run("select 1", catalog="c", schema="s").rows == [["1"]]
    assert Engine.answers == []


def test_every_other_error_is_told_at_once(client: TrinoClient) -> None:
    Engine.answers = [failed("EXCEEDED_LOCAL_MEMORY_LIMIT"), {"data": [["1"]]}]
    with pytest.raises(TrinoError, match="EXCEEDED_LOCAL_MEMORY_LIMIT"):
        client.run("select 1", catalog="c", schema="s")
    assert len(Engine.answers) == 1
