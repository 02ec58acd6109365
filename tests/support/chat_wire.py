"""A client's place in a chat and a double of its server with a wire between them."""

from random import Random

from tests.support.chat_double import ChatDouble
from tests.support.wire import Wire
from voicechat_common.protocol.chat import ChatQuery, ChatServerMessage
from voicechat_common.protocol.codec import encode
from voicechat_tui.client.chat.core import ChatCore
from voicechat_tui.client.chat.events import ChatEvent, MessageStored
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.chat.timeline import ChatTimeline


class ChatWire(Wire[ChatEvent]):
    """Both ends of a place in a chat.

    Attributes:
        timeline: What an application would show.
    """

    def __init__(
        self, user: str | None = "alice", *, since: int = 0, policy: ChatPolicy | None = None
    ) -> None:
        query = ChatQuery(id="c", user=user, since=since)
        self.core = ChatCore(query, policy or ChatPolicy(), Random(1), "own")
        self.server = ChatDouble()
        self.timeline = ChatTimeline()
        super().__init__(self.core, self.server)

    def greeting(self) -> list[str]:
        return self.server.greet(self.core.query)

    def tell(self, *messages: ChatServerMessage) -> None:
        """Let the server say something, if there is a connection."""
        if self.connected:
            self.down.extend(map(encode, messages))

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
        known = len(self.events)
        super().take_events()
        for event in self.events[known:]:
            self.timeline.apply(event)

    @property
    def told(self) -> list[tuple[int, str]]:
        """The stored messages the application was told of."""
        return [(event.seq, event.message.content) for event in self.of(MessageStored)]


def in_chat_wire(user: str | None = "alice", *, since: int = 0, policy: ChatPolicy | None = None) -> ChatWire:
    """A wire with a connection that is open."""
    wire = ChatWire(user, since=since, policy=policy)
    wire.settle()
    return wire
