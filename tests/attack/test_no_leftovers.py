"""What connections leave behind in a server whose garbage collector is off, so that a cycle stays."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator

import pytest

from bench.attack.floods import CHAT, SPEECH, STREAM, enter
from bench.attack.rounds import fill_pools
from bench.attack.server import WatchedServer
from bench.attack.wire import (
    BINARY,
    CLOSE,
    PING,
    TEXT,
    Connection,
    Tally,
    Target,
    connected,
    frame,
    frame_head,
)
from bench.attack.wire import request as http_request

CONNECTIONS = 20
LEFT = CONNECTIONS // 2
"""So many objects of one class that are left are no chance."""

GONE_WITHIN_S = 60.0
"""A timer may hold a connection for some seconds more, of a busy machine; a cycle holds it for ever."""

LOOKS_EVERY_S = 0.5

OF_CONNECTIONS = ("fastapi.", "starlette.", "uvicorn.", "uvloop.", "voicechat_server.", "websockets.")
"""What serves a connection is of these packages, and holds everything else that does."""

Visit = Callable[[Connection, Target], Awaitable[object]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedServer]:
    directory = tmp_path_factory.mktemp("collected")
    with WatchedServer(directory, "--no-collector", "--resume-grace-s", "0") as server:
        asyncio.run(fill_pools(server.address))
        yield server


def asks(data: Callable[[Target], bytes], *, is_whole: bool = True) -> Visit:
    """Send bytes of HTTP, and go without a goodbye, after the answer where there will be one."""

    async def visit(connection: Connection, target: Target) -> None:
        await connection.send(data(target))
        if is_whole:
            await connection.hear()

    return visit


def enters(place: str, *frames: bytes, stays_s: float = 0.05) -> Visit:
    """Be in a WebSocket, send frames, and go without a goodbye, unless the server ends it before."""

    async def visit(connection: Connection, target: Target) -> None:
        assert await enter(connection, target, place)
        for data in frames:
            await connection.send(data)
        await connection.end(stays_s)

    return visit


def stays_after_the_end(place: str) -> Visit:
    """Let the server close the WebSocket, don't answer that, and go on sending."""

    async def visit(connection: Connection, target: Target) -> None:
        assert await enter(connection, target, place)
        await connection.send(frame(TEXT, b'{"type":"stop"}'))
        await connection.hear_close()
        await connection.send(frame(PING) * 6000)
        await connection.end()

    return visit


def _get(target: Target) -> bytes:
    return http_request(target, "GET", "/health")


def _post(target: Target) -> bytes:
    return http_request(target, "POST", "/chat", "Content-Type: application/json", body=b"[" * 1000)


HTTP: dict[str, Visit] = {
    "a request": asks(_get),
    "a request that ends the connection": asks(
        lambda target: http_request(target, "GET", "/health", "Connection: close")
    ),
    "a page that is not there": asks(lambda target: http_request(target, "GET", "/nothing")),
    "a bad body": asks(_post),
    "half a head": asks(lambda target: _get(target)[:-3], is_whole=False),
    "half a body": asks(lambda target: _post(target)[:-3], is_whole=False),
    "a body that is too large": asks(
        lambda target: http_request(target, "POST", "/chat", body=bytes(100_000))
    ),
    "no HTTP": asks(lambda _: b"\0\1\2\r\n\r\n"),
    "nothing": asks(lambda _: b"", is_whole=False),
}


def in_socket(place: str) -> dict[str, Visit]:
    """Every way to leave a WebSocket."""
    return {
        "cut": enters(place),
        "closed": enters(place, frame(CLOSE, b"\x03\xe8"), stays_s=5),
        "an unfinished frame": enters(place, frame_head(BINARY, 60_000) + bytes(50_000)),
        "an unfinished message": enters(place, frame(TEXT, b"{", fin=False) * 50),
        "no UTF-8": enters(place, frame(TEXT, b"\xff"), stays_s=5),
        "a frame of no kind": enters(place, frame(3), stays_s=5),
        "a wrong close": enters(place, frame(CLOSE, b"\x03"), stays_s=5),
        "bad JSON": enters(place, frame(TEXT, b"{")),
        "a flood": enters(place, frame(PING) * 6000, stays_s=5),
        "a frame that is too large": enters(place, frame(TEXT, bytes(300_000)), stays_s=5),
        "stopped": enters(place, frame(TEXT, b'{"type":"stop"}'), stays_s=5),
        "a message": enters(place, frame(TEXT, b'{"type":"message","content":"hello"}')),
    }


PLACES: dict[str, dict[str, Visit]] = {
    "HTTP": HTTP,
    "speech": in_socket(SPEECH),
    "a stream": in_socket(STREAM)
    | {
        "more audio than can be recognised at once": enters(STREAM, *[frame(BINARY, bytes(60_000))] * 32),
        "a flood after the end": stays_after_the_end(STREAM),
    },
    "a chat": in_socket(CHAT),
}


async def visit(server: WatchedServer, ways: Iterable[Visit], count: int) -> None:
    target = Target("127.0.0.1", server.port)

    async def once(how: Visit) -> None:
        async with connected(target, Tally()) as connection:
            await how(connection, target)

    await asyncio.gather(*(once(how) for how in ways for _ in range(count)))


@pytest.mark.parametrize("place", PLACES)
async def test_connections_leave_no_objects_behind(place: str, server: WatchedServer) -> None:
    ways = PLACES[place].values()
    quiet = await asyncio.to_thread(server.settled)
    # What is made once, or for the first of a kind, is no leftover.
    await visit(server, ways, 3)
    await asyncio.to_thread(server.settled, quiet)
    before = server.objects()
    await visit(server, ways, CONNECTIONS)
    await asyncio.to_thread(server.settled, quiet)
    assert await asyncio.to_thread(left, server, before) == {}


def left(server: WatchedServer, before: dict[str, int]) -> dict[str, int]:
    """What there is more of, once timers had their time."""
    deadline = time.monotonic() + GONE_WITHIN_S
    while (more := grown(before, server.objects())) and time.monotonic() < deadline:
        time.sleep(LOOKS_EVERY_S)
    return more


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """How many more objects of connections there are, of each class of which so many are no chance."""
    more = {name: after[name] - before.get(name, 0) for name in after if name.startswith(OF_CONNECTIONS)}
    return {name: count for name, count in more.items() if count >= LEFT}
