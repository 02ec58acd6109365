"""A network between a client and a server that a test can cut and mend."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread


class Relay:
    """Forwards connections to a server while it is whole.

    It has threads, since asyncio may drop a connection without closing it if its listener ends meanwhile.

    Args:
        target: The server's `host:port`.

    Attributes:
        address: The `host:port` to connect to.
    """

    def __init__(self, target: str) -> None:
        self.address = "127.0.0.1:0"
        self._target = _pair(target)
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []
        self._threads: list[Thread] = []

    def mend(self) -> None:
        """Let connections through, at the same address as before."""
        self._listener = socket.create_server(_pair(self.address))
        host, port = self._listener.getsockname()
        self.address = f"{host}:{port}"
        self._start(self._accept, self._listener)

    def cut(self) -> None:
        """Break every connection, and let none in."""
        if self._listener is None:
            return
        _shut(self._listener, socket.SHUT_RDWR)
        self._threads.pop(0).join()
        for end in self._ends:
            _shut(end, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._ends):
            end.close()
        self._listener = None
        self._ends.clear()
        self._threads.clear()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = Thread(target=work, args=arguments, name="relay")
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while near := _accepted(listener):
            self._ends.append(near)
            far = socket.create_connection(self._target)
            self._ends.append(far)
            self._start(_copy, near, far)
            self._start(_copy, far, near)


def _accepted(listener: socket.socket) -> socket.socket | None:
    try:
        return listener.accept()[0]
    except OSError:  # it was shut
        return None


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(ConnectionError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    _shut(sink, socket.SHUT_WR)


def _shut(end: socket.socket, how: int) -> None:
    with suppress(OSError):  # who is gone has nothing to shut
        end.shutdown(how)


def _pair(address: str) -> tuple[str, int]:
    host, port = address.split(":")
    return host, int(port)


@contextmanager
def relay(target: str) -> Iterator[Relay]:
    """Hold a whole network while the context lasts."""
    network = Relay(target)
    network.mend()
    try:
        yield network
    finally:
        network.cut()
