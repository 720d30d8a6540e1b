"""A server of moto's in the place of AWS, on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """Yield the address of one server for all tests; see `aws`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(aws_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an empty AWS, which clients find with credentials of nobody."""
    with urlopen(f"{aws_server}/moto-api/reset", data=b"", timeout=5) as answer:  # noqa: S310
        assert answer.status == 200
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_server)
    return aws_server
