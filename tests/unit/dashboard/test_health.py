"""The container's health check tells a dashboard that serves from one that does not."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from dashboard import health


class _Dashboard(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Dashboard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_dashboard_that_serves_is_healthy(port: int) -> None:
    assert health.main([str(port)]) == 0


def test_a_dashboard_that_answers_with_an_error_is_not(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Dashboard, "status", 503)
    assert health.main([str(port)]) == 1


def test_no_dashboard_is_not_healthy(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Dashboard)
    free = server.server_port
    server.server_close()
    assert health.main([str(free)]) == 1
    assert f"port {free}" in capsys.readouterr().err
