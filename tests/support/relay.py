"""A network between a client and a server that a test can cut and mend."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from threading import Thread


class Relay:
    """Forwards connections to a server while it is whole.

    Args:
        target: The server's `host:port`.

    Attributes:
        address: The `host:port` to connect to.
    """

    def __init__(self, target: str) -> None:
        self.address = ""
        self._host, port = target.split(":")
        self._port = int(port)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    def mend(self) -> None:
        """Let connections through, at the same address as before."""
        self._call(self._listen())

    def cut(self) -> None:
        """Break every connection, and let none in."""
        self._call(self._break())

    def _call(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        port = int(self.address.split(":")[1]) if self.address else 0
        self._server = await asyncio.start_server(self._link, "127.0.0.1", port)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _break(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in self._links:
            link.cancel()
        if self._links:
            await asyncio.wait(self._links)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        there, back = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, back))
                group.create_task(_copy(there, writer))
        finally:
            for end in (writer, back):
                end.transport.abort()
            self._links.discard(task)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
        sink.write_eof()


@contextmanager
def relay(target: str) -> Iterator[Relay]:
    """Hold a whole network while the context lasts."""
    network = Relay(target)
    thread = Thread(target=network._loop.run_forever, name="relay")
    thread.start()
    try:
        network.mend()
        yield network
        network.cut()
    finally:
        network._loop.call_soon_threadsafe(network._loop.stop)
        thread.join()
        network._loop.close()
