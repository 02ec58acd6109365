"""The bytes of an attacker, and the connections that carry them."""

import asyncio
import re
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

ENDS_WITHIN_S = 60.0
"""How long an attacker that is done waits to be cut off, even by a busy server."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
BLOCK = 64 * 1024
"""How many bytes are written in one go."""
START = b'{"type":"start"}'

_TAIL = 1024
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_ERROR = re.compile(rb"([a-z_]+): ")
_LONGEST_SHORT = 125
_LONGEST_MIDDLE = 0xFFFF


@dataclass(frozen=True)
class Target:
    """What is attacked, and from where.

    Attributes:
        host: The server's address.
        port: Its port.
        source: The attacker's address, which is not that of honest people.
    """

    host: str
    port: int
    source: str = "127.0.0.66"


@dataclass
class Tally:
    """What an attack has done so far.

    Attributes:
        amount: Frames, requests, sockets or bytes that were sent.
        sockets: Connections that were opened.
        ends: How its connections ended: a close code with that of the error, a status of HTTP, `cut`,
            `refused`, or `open` if the server never ended them.
        seconds: How long it took.
    """

    amount: int = 0
    sockets: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """Return a client's frame; its mask is zero, which changes nothing of the payload."""
    return frame_head(opcode, len(payload), fin=fin, rsv=rsv, masked=masked) + payload


def frame_head(opcode: int, size: int, *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """Return the head of a frame with a payload of a given size, which may never follow."""
    first, bit = fin << 7 | rsv << 4 | opcode, masked << 7
    mask = bytes(4) if masked else b""
    if size <= _LONGEST_SHORT:
        return struct.pack(">BB", first, bit | size) + mask
    if size <= _LONGEST_MIDDLE:
        return struct.pack(">BBH", first, bit | 126, size) + mask
    return struct.pack(">BBQ", first, bit | 127, size) + mask


def blocks_of(unit: bytes) -> tuple[bytes, int]:
    """Return many copies of the same bytes to be written at once, and how many they are."""
    count = max(1, BLOCK // len(unit))
    return unit * count, count


def handshake(target: Target, path: str) -> bytes:
    """Return a request for a WebSocket."""
    return request(
        target,
        "GET",
        path,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )


def request(target: Target, method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """Return an HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {target.host}:{target.port}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """A TCP connection whose bytes the attacker controls. What the server says is read and discarded.

    Args:
        raw: The connected socket.
    """

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._loop = asyncio.get_running_loop()
        self._upgraded = False
        self._head = b""
        self._tail = b""
        self._reading: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self.is_over = False

    async def send(self, data: bytes) -> bool:
        """Write everything; return whether the server still accepted it."""
        try:
            await self._loop.sock_sendall(self._raw, data)
        except OSError:
            self.is_over = True
        return not self.is_over

    async def upgrade(self, target: Target, path: str, *, reads: bool = True) -> bool:
        """Upgrade to a WebSocket; return whether the server agreed."""
        await self.send(handshake(target, path))
        try:
            answer = await self._loop.sock_recv(self._raw, BLOCK)
        except OSError:
            answer = b""
        self._upgraded = answer.startswith(b"HTTP/1.1 101")
        self._head, self.is_over = answer, not self._upgraded
        if reads and self._upgraded:
            self.read()
        return self._upgraded

    def read(self) -> None:
        """Read from now on, in a separate task, to avoid being cut off for not reading."""
        self._reading = asyncio.create_task(self._drain())

    async def hear(self, within_s: float = ENDS_WITHIN_S) -> None:
        """Wait until the server has said something, or ended the connection."""
        if self._reading is None:
            self.read()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), within_s)

    async def hear_close(self) -> None:
        """Wait until the server has closed the WebSocket, or ended the connection."""
        while not self.is_over and _goodbye(self._tail) is None:
            self._heard.clear()
            await self.hear()

    async def end(self, within_s: float = ENDS_WITHIN_S) -> str:
        """Wait until the server ends the connection; return how it did."""
        if self._reading is None:
            self.read()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=within_s)
        return self.how()

    def how(self) -> str:
        """Return how the connection ended, as far as it has."""
        if self._upgraded:
            if goodbye := _goodbye(self._tail):
                return goodbye
        elif found := _STATUS.findall(self._head + self._tail):
            return str(found[-1].decode())
        return "cut" if self.is_over else "open"

    async def close(self) -> None:
        """Disconnect abruptly, without leaving a port in use."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._raw.close()

    async def _drain(self) -> None:
        try:
            while data := await self._loop.sock_recv(self._raw, BLOCK * 4):
                self._tail = (self._tail + data)[-_TAIL:]
                self._heard.set()
        except OSError:
            pass
        self.is_over = True
        self._heard.set()


@asynccontextmanager
async def connected(target: Target, tally: Tally) -> AsyncIterator[Connection]:
    """Hold a connection while the context lasts, and count it and how it ended.

    Raises:
        OSError: The server accepts none.
    """
    connection = await connect(target, tally)
    try:
        yield connection
    finally:
        tally.ends[connection.how()] += 1
        await connection.close()


async def connect(target: Target, tally: Tally) -> Connection:
    """Open a connection.

    Raises:
        OSError: The server accepts none.
    """
    raw = socket.socket()
    try:
        raw.setblocking(False)
        raw.bind((target.source, 0))
        await asyncio.get_running_loop().sock_connect(raw, (target.host, target.port))
    except OSError:
        raw.close()
        tally.ends["refused"] += 1
        raise
    tally.sockets += 1
    return Connection(raw)


def _goodbye(tail: bytes) -> str | None:
    """Return the code of a close frame at the end of what a server said, and that of the error in it."""
    for size in range(2, _LONGEST_SHORT + 1):
        begin = len(tail) - size - 2
        if begin >= 0 and tail[begin] == 0x80 | CLOSE and tail[begin + 1] == size:
            code = struct.unpack_from(">H", tail, begin + 2)[0]
            error = _ERROR.match(tail, begin + 4)
            return f"{code} {error[1].decode()}" if error else str(code)
    return None
