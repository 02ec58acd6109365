"""A client's core and a double of its server with a connection between them that carries frames when told."""

from collections import deque
from typing import Any, Generic, Protocol, TypeVar

from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.core import ConnectionCore, Retrying

EventT = TypeVar("EventT")
KindT = TypeVar("KindT")
MANY = 1_000_000


class Double(Protocol):
    """A double of the server."""

    def handle(self, frame: str | bytes) -> list[str]:
        """Return the frames that answer a frame."""


class Wire(Generic[EventT]):
    """The frames that are under way in each direction.

    Args:
        core: The client's end.
        server: The other one.

    Attributes:
        now: The time that the client is told.
        up: What the server has not read yet.
        down: What the client has not read yet.
        events: What the application was told.
        connected: Whether there is a connection.
    """

    def __init__(self, core: ConnectionCore[Any, EventT], server: Double) -> None:
        self.now = 0.0
        self.up: deque[str | bytes] = deque()
        self.down: deque[str] = deque()
        self.events: list[EventT | Retrying] = []
        self.connected = False
        self._core = core
        self._server = server

    def connect(self) -> None:
        if not self.connected:
            self._core.connecting()
            self._core.connected(self.now)
            self.connected = True
            self.down.extend(self.greeting())

    def cut(self) -> None:
        if self.connected:
            self.up.clear()
            self.down.clear()
            self.connected = False
            self.now += self._core.interrupted(failures.closed("it was cut"), self.now)
            self.take_events()

    def send(self, most: int = MANY) -> None:
        """Let the client put frames on the wire."""
        while self.connected and most > 0 and (frame := self._core.next_message()) is not None:
            self.up.append(frame)
            most -= 1
        self.take_events()

    def answer(self, most: int = MANY) -> None:
        """Let the server read frames."""
        while self.up and most > 0:
            self.down.extend(self._server.handle(self.up.popleft()))
            most -= 1

    def receive(self, most: int = MANY) -> None:
        """Let the client read frames, and notice that a connection is of no more use."""
        while self.connected and self.down and most > 0:
            self._core.receive(self.down.popleft(), self.now)
            most -= 1
            if self._core.wants_close and not self._core.is_done:
                self.cut()
        self.take_events()

    def take_events(self) -> None:
        self.events += self._core.take_events()

    def of(self, kind: type[KindT]) -> list[KindT]:
        return [event for event in self.events if isinstance(event, kind)]

    def greeting(self) -> list[str]:
        """What the server says as soon as there is a connection."""
        return []
