"""A hub on loopback that speaks like ModelScope and Hugging Face, and fails on request.

It keeps one small model, the demo model's own files, in both hubs' repositories of paraformer-zh-streaming.
"""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from voicechat_server.asr.models.catalog import PARAFORMER, Hub, demo_directory
from voicechat_server.asr.models.directory.files import CMVN, CONFIG, HUB_CONFIGURATION, TOKENS, WEIGHTS

COMMIT = PARAFORMER.hub_revision(Hub.HF, PARAFORMER.default_revision)
REVISIONS = {PARAFORMER.default_revision, "master", "main", COMMIT}
BLOCK = 65_536


def model_bytes() -> dict[str, bytes]:
    """The files of the model, with those beside them that nobody needs."""
    demo = demo_directory()
    files = {name: (demo / name).read_bytes() for name in (CONFIG, WEIGHTS, TOKENS, CMVN)}
    return files | {
        HUB_CONFIGURATION: b'{"framework": "pytorch"}',
        "README.md": b"# A model",
        "example/asr_example.wav": b"RIFF",
    }


class FakeHub:
    """The hub's contents, its misbehaviour, and what it was asked.

    Attributes:
        files: What the repositories hold, and what their listings promise.
        sent: Bytes that are sent in place of the promised ones.
        cut_at: By file, the offsets at which a connection is cut, each once.
        refused: By file, the statuses that answer the next requests for it.
        listing_status: Answers every request for a listing, if not 200.
        retry_after: What refusals of a listing say in `Retry-After`, if they say it.
        listing_body: The body of every listing, if it is not to be one.
        ranges: How a request for a part is answered: `partial` with 206, `quiet` with 200 and the part, as
            ModelScope does, `ignored` with 200 and the whole, `silent` with the part in disguise.
        pause_s: Seconds to wait before each block of 64 KiB.
        gate: When set aside with `clear`, bodies wait for it after their first block.
        requests: The method-less log: paths of listings, and `name@offset` of files.
    """

    def __init__(self) -> None:
        self.files = model_bytes()
        self.sent: dict[str, bytes] = {}
        self.cut_at: dict[str, list[int]] = {}
        self.refused: dict[str, list[int]] = {}
        self.listing_status = 200
        self.retry_after: str | None = None
        self.listing_body: bytes | None = None
        self.ranges: Literal["partial", "quiet", "ignored", "silent"] = "partial"
        self.pause_s = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.requests: list[str] = []
        self.url = ""

    def fetched(self, name: str) -> list[int]:
        """The offsets at which a file was asked for, in order."""
        return [int(entry.rpartition("@")[2]) for entry in self.requests if entry.startswith(f"{name}@")]

    def model_scope_listing(self) -> bytes:
        folder = {"Name": "example", "Path": "example", "Type": "tree", "Size": 0, "Sha256": ""}
        blobs = [
            {
                "Name": name.rpartition("/")[2],
                "Path": name,
                "Type": "blob",
                "Size": len(content),
                "Sha256": hashlib.sha256(content).hexdigest(),
                "IsLFS": name == WEIGHTS,
                "Revision": "0" * 40,
            }
            for name, content in self.files.items()
        ]
        return json.dumps({"Code": 200, "Data": {"Files": [folder, *blobs]}, "Success": True}).encode()

    def hugging_face_listing(self) -> bytes:
        siblings = [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),  # noqa: S324
            }
            | (
                {
                    "lfs": {
                        "sha256": hashlib.sha256(content).hexdigest(),
                        "size": len(content),
                        "pointerSize": 134,
                    }
                }
                if name == WEIGHTS
                else {}
            )
            for name, content in self.files.items()
        ]
        return json.dumps(
            {"id": PARAFORMER.repositories[Hub.HF], "sha": COMMIT, "siblings": siblings}
        ).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        model_scope = f"/api/v1/models/{PARAFORMER.repositories[Hub.MS]}/repo"
        hugging_face = PARAFORMER.repositories[Hub.HF]
        if parts.path == f"{model_scope}/files":
            self._list(query["Revision"], self.hub.model_scope_listing())
        elif parts.path == model_scope:
            self._send_file(query["FilePath"], query["Revision"])
        elif parts.path.startswith(f"/api/models/{hugging_face}/revision/"):
            assert query == {"blobs": "true"}
            self._list(unquote(parts.path.rpartition("/")[2]), self.hub.hugging_face_listing())
        elif parts.path.startswith(f"/{hugging_face}/resolve/"):
            revision, _, name = parts.path.removeprefix(f"/{hugging_face}/resolve/").partition("/")
            self._redirect(f"/cdn/{revision}/{name}")
        elif parts.path.startswith("/cdn/"):
            revision, _, name = parts.path.removeprefix("/cdn/").partition("/")
            self._send_file(unquote(name), revision)
        else:
            self._answer(404, b'{"error": "Repository not found"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _list(self, revision: str, listing: bytes) -> None:
        self.hub.requests.append(f"listing of {revision}")
        if revision not in REVISIONS:
            self._answer(404, b'{"Code": 10990101004, "Message": "record not found", "Success": false}')
        else:
            body = listing if self.hub.listing_body is None else self.hub.listing_body
            self._answer(self.hub.listing_status, body, self.hub.retry_after)

    def _send_file(self, name: str, revision: str) -> None:
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.hub.requests.append(f"{name}@{start}")
        if revision not in REVISIONS or name not in self.hub.files:
            self._answer(404, b"")
            return
        if self.hub.refused.get(name):
            self._answer(self.hub.refused[name].pop(0), b"")
            return
        content = self.hub.sent.get(name, self.hub.files[name])
        if self.hub.ranges == "partial" and start >= len(content) > 0:
            self._answer(416, b"")
            return
        if start and self.hub.ranges != "ignored":
            self.send_response(206 if self.hub.ranges == "partial" else 200)
            if self.hub.ranges != "silent":
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            start = 0
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self._send_body(name, content, start)

    def _send_body(self, name: str, content: bytes, start: int) -> None:
        cuts = self.hub.cut_at.get(name, [])
        end = cuts.pop(0) if cuts else len(content)
        for begin in range(start, end, BLOCK):
            sleep(self.hub.pause_s)
            self.wfile.write(content[begin : min(begin + BLOCK, end)])
            self.hub.begun.set()
            self.hub.gate.wait(30)
        if end < len(content):
            self.close_connection = True

    def _redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, body: bytes, retry_after: str | None = None) -> None:
        self.send_response(status)
        if retry_after is not None and status != 200:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that vanish are what the tests are about."""


@contextmanager
def running_hub(port: int = 0) -> Iterator[FakeHub]:
    """Run a hub on a port, or on a free one; it ends with the block."""
    hub = FakeHub()
    server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
