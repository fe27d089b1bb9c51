"""The local AWS's HTTP server in this process, without the engine: for tests that need the wire and seconds only."""

from collections.abc import Iterator

import pytest

from infra.local import faults, http_server, processes
from infra.local.patches import glue, kinesis, s3
from infra.local.settings import LOOPBACK


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    glue.install()
    kinesis.install()
    s3.install(tmp_path_factory.mktemp("s3"))
    port = processes.free_port()
    server = http_server.start(port, http_server.build_app(max_put_mb=8))
    yield f"http://{LOOPBACK}:{port}"
    faults.REGISTRY.remove()
    server.shutdown()
    server.server_close()
