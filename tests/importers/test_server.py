"""A chatlog server is read by its address, in one request, as it streams."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from bot.errors import ImportFormatError
from bot.importers.registry import detect
from bot.importers.sources import UrlSource
from tests.importers.samples import FILES, options, read, shown


class Server(BaseHTTPRequestHandler):
    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        name = {"json": "chatlog.json", "csv": "chatlog.csv"}.get(self.path.rpartition("format=")[2])
        if self.path.startswith("/cut"):
            name = "chatlog.json"
        if name is None:
            self.send_response(404)
            self.end_headers()
            return
        body = (FILES / name).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path.startswith("/cut"):
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_args) -> None:
        """Stay quiet."""


@pytest.fixture
def server():
    handler = type("Handler", (Server,), {"requests": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", handler.requests
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_server_is_read_like_a_file(server, form):
    address, requests = server
    received = []
    with httpx.Client(trust_env=False) as client:
        source = UrlSource(
            f"{address}/api/v1/chatlog?time=2025-11-24&talker=1&format={form}", client, received.append
        )
        events = list(detect(source).read(source, options()))
    assert shown(events) == shown(read(FILES / f"chatlog.{form}"))
    assert len(requests) == 1
    assert sum(received) == (FILES / f"chatlog.{form}").stat().st_size


def test_refusal_of_the_server_is_told(server):
    address, _ = server
    with httpx.Client(trust_env=False) as client, pytest.raises(ImportFormatError, match="404"):
        detect(UrlSource(f"{address}/nothing", client))


def test_absent_server_is_told():
    with httpx.Client(trust_env=False) as client, pytest.raises(ImportFormatError, match="连不上"):
        detect(UrlSource("http://127.0.0.1:9/api/v1/chatlog", client))


def test_connection_that_breaks_is_told(server):
    address, _ = server
    with httpx.Client(trust_env=False) as client:
        source = UrlSource(f"{address}/cut", client)
        with pytest.raises(ImportFormatError, match="中途断开"):
            source.head  # noqa: B018 (asking for it is the test)
