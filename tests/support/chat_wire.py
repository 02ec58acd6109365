"""A chat core and a double of its server with a connection between them that carries frames when told."""

from collections import deque
from random import Random
from typing import TypeVar

from tests.support.chat_double import ChatDouble
from voicechat_common.protocol.chat import ChatQuery, ChatServerMessage
from voicechat_common.protocol.codec import encode
from voicechat_tui.client import failures
from voicechat_tui.client.chat.core import ChatCore
from voicechat_tui.client.chat.events import ChatEvent, MessageStored
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.chat.timeline import ChatTimeline

EventT = TypeVar("EventT")


class ChatWire:
    """Both ends, and the frames that are under way in each direction.

    Attributes:
        timeline: What an application would show.
    """

    def __init__(
        self, user: str | None = "alice", *, since: int = 0, policy: ChatPolicy | None = None
    ) -> None:
        self.now = 0.0
        query = ChatQuery(id="c", user=user, since=since)
        self.core = ChatCore(query, policy or ChatPolicy(), Random(1), "own")
        self.server = ChatDouble()
        self.timeline = ChatTimeline()
        self.up: deque[str] = deque()
        self.down: deque[str] = deque()
        self.events: list[ChatEvent] = []
        self.connected = False

    def connect(self) -> None:
        if not self.connected:
            self.core.connecting()
            self.core.connected(self.now)
            self.connected = True
            self.down.extend(self.server.greet(self.core.query))

    def cut(self) -> None:
        if self.connected:
            self.up.clear()
            self.down.clear()
            self.connected = False
            self.now += self.core.interrupted(failures.closed("it was cut"), self.now)
            self.take_events()

    def tell(self, *messages: ChatServerMessage) -> None:
        """Let the server say something, if there is a connection."""
        if self.connected:
            self.down.extend(map(encode, messages))

    def send(self, most: int = 1_000_000) -> None:
        """Let the client put frames on the wire."""
        while self.connected and most > 0 and (frame := self.core.next_message()) is not None:
            self.up.append(frame)
            most -= 1
        self.take_events()

    def answer(self, most: int = 1_000_000) -> None:
        """Let the server read frames."""
        while self.up and most > 0:
            self.down.extend(self.server.handle(self.up.popleft()))
            most -= 1

    def receive(self, most: int = 1_000_000) -> None:
        """Let the client read frames, and notice that a connection is of no more use."""
        while self.connected and self.down and most > 0:
            self.core.receive(self.down.popleft(), self.now)
            most -= 1
            if self.core.wants_close:
                self.cut()
        self.take_events()

    def settle(self) -> None:
        """Carry everything there is, through reconnections and waiting."""
        for _ in range(20):
            self.connect()
            self.receive()
            self.send()
            self.answer()
            self.receive()
            if self.connected and not self.core.unsent:
                return
            self.pass_time(2.0)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.core.check_alive(self.now)

    def take_events(self) -> None:
        for event in self.core.take_events():
            self.events.append(event)
            self.timeline.apply(event)

    def of(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def told(self) -> list[tuple[int, str]]:
        """The stored messages the application was told of."""
        return [(event.seq, event.message.content) for event in self.of(MessageStored)]


def in_chat_wire(user: str | None = "alice", *, since: int = 0, policy: ChatPolicy | None = None) -> ChatWire:
    """A wire with a connection that is open."""
    wire = ChatWire(user, since=since, policy=policy)
    wire.settle()
    return wire
