"""What strangers send to a real server makes no traceback, and few lines, in its log."""

import json
import random
import socket
import ssl
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.support.server_process import logging_to
from tests.support.waiting import WITHIN_S

EACH = 12
BASE = b"GET %s HTTP/1.1\r\nHost: localhost\r\n"
SHAKE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
MASK = b"\0\0\0\0"


def frame(first: int, payload: bytes) -> bytes:
    assert len(payload) < 126
    return bytes([first, 0x80 | len(payload)]) + MASK + payload


def client_hello() -> bytes:
    """What a client begins to say that speaks TLS."""
    outgoing = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def attacks() -> dict[str, bytes]:
    """By name: what a stranger sends before hanging up."""
    sockets = {
        "a text frame that is not UTF-8": frame(0x81, b"\xff\xfe\xfd"),
        "a text that is not JSON": frame(0x81, b"{nonsense"),
        "a reserved bit": frame(0xF1, b"x"),
        "an unknown kind of frame": frame(0x8B, b"x"),
        "a piece of nothing": frame(0x80, b"x"),
        "a frame without a mask": b"\x81\x01x",
        "half a frame": b"\x82\xfe\xff\xff" + MASK + b"x",
        "a frame of an absurd length": b"\x82\xff" + b"\xff" * 8,
        "a close with a bad code": frame(0x88, b"\x00\x01"),
        "a close that is not UTF-8": frame(0x88, b"\x03\xe8\xff"),
        "a long ping": bytes([0x89, 0xFE, 0x01, 0x00]) + MASK + bytes(256),
    }
    found = {
        f"{name}, {path.decode()}": BASE % path + SHAKE + KEY + content
        for name, content in sockets.items()
        for path in (b"/ws", b"/chatting?id=c&user=u")
    }
    return found | {
        "noise": random.Random(1).randbytes(2000),
        "zeros": bytes(500),
        "TLS": client_hello(),
        "no method": b"\r\n\r\n\r\n",
        "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
        "half a head": b"GET /ws HTTP/1.1\r\nHost: loc",
        "half a body": b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
        "a bad body": b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{]",
        "a bad length": b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "a bad chunk": b"POST /chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "a bad header": b"GET / HTTP/1.1\r\nHost: localhost\r\nna\x00me: x\r\n\r\n",
        "a bad path": b"GET /\xff\xfe%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "another version": b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "an unknown method": b"NONSENSE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "another host": b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "another origin": BASE % b"/ws" + SHAKE + b"Origin: https://evil.example\r\n" + KEY,
        "no key": BASE % b"/ws" + SHAKE + b"\r\n",
        "a bad key": BASE % b"/ws" + SHAKE + b"Sec-WebSocket-Key: x\r\n\r\n",
        "a bad upgrade": BASE % b"/ws" + b"Connection: Upgrade\r\nUpgrade: other\r\n\r\n",
        "an old version": BASE % b"/ws" + SHAKE.replace(b"13", b"7") + KEY,
        "half a handshake": BASE % b"/ws" + SHAKE,
        "nowhere": BASE % b"/nowhere" + SHAKE + KEY,
    }


def attack(address: tuple[str, int], content: bytes, *, waits: bool) -> None:
    """Send something, read an answer or do not, and hang up."""
    with suppress(ConnectionError), socket.create_connection(address) as raw:
        raw.settimeout(WITHIN_S)
        raw.sendall(content)
        if waits:
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65_536):
                pass
        else:
            # The connection is reset, not closed.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_whatever_comes_the_log_stays_short_and_quiet(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with logging_to(log, "--model", "demo") as server:
        server.first_answer()
        host, port = server.address.split(":")
        for content in attacks().values():
            for number in range(EACH):
                attack((host, int(port)), content, waits=number % 2 == 0)
        assert server.first_answer().status_code in (200, 503)
        server.process.terminate()
        assert server.process.wait(WITHIN_S) == 0
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert not [line for line in lines if "exception" in line]
    # What somebody sent who was let in has two lines, as every connection has.
    others = Counter(line["event"] for line in lines if "connection " not in line["event"])
    assert max(others.values()) <= 10, others
    assert {line["level"] for line in lines} <= {"info", "warning"}
    assert all(len(json.dumps(line)) < 2000 for line in lines)
