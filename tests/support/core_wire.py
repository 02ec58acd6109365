"""A client core and a counting server with a connection between them that carries frames when told."""

from collections import deque
from random import Random
from typing import TypeVar

import numpy as np

from tests.support.counting_server import CountingServer
from voicechat_common.audio import Samples
from voicechat_common.protocol.speech import Start
from voicechat_tui.client import failures
from voicechat_tui.client.core import SpeechCore
from voicechat_tui.client.events import Event
from voicechat_tui.client.policy import ClientPolicy
from voicechat_tui.client.state import State

EventT = TypeVar("EventT")

RATE = 8_000
PER_MS = RATE // 1000


def samples(begin: int, count: int) -> Samples:
    """Samples that tell their position; none is zero, which stands for silence."""
    return (np.arange(begin, begin + count) % 30_000 + 1).astype(np.int16)


class Wire:
    """Both ends, and the frames that are under way in each direction."""

    def __init__(self, *, ring_s: float = 120.0, chat_id: str | None = None) -> None:
        self.now = 0.0
        policy = ClientPolicy(ring_s=ring_s, window_s=ring_s / 2)
        self.core = SpeechCore(Start(sample_rate=RATE, chat_id=chat_id), policy, Random(1))
        self.server = CountingServer()
        self.up: deque[str | bytes] = deque()
        self.down: deque[str] = deque()
        self.events: list[Event] = []
        self.connected = False

    def connect(self) -> None:
        if not self.connected:
            self.core.connecting()
            self.core.connected(self.now)
            self.connected = True

    def cut(self) -> None:
        if self.connected:
            self.up.clear()
            self.down.clear()
            self.server.disconnect()
            self.connected = False
            self.now += self.core.interrupted(failures.closed("it was cut"), self.now)
            self.take_events()

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
        """Let the client read frames, and notice a refusal."""
        while self.connected and self.down and most > 0:
            self.core.receive(self.down.popleft(), self.now)
            most -= 1
            if self.core.wants_close and self.core.state is not State.FINISHED:
                self.cut()
        self.take_events()

    def exchange(self) -> None:
        """Carry everything once there and back."""
        self.send()
        self.answer()
        self.receive()

    def settle(self) -> None:
        """Carry everything there is, through reconnections."""
        for _ in range(50):
            if self.core.state is State.FINISHED:
                return
            self.connect()
            self.exchange()

    def take_events(self) -> None:
        self.events += self.core.take_events()

    def of(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.events if isinstance(event, kind)]


def opened(*, ring_s: float = 120.0, chat_id: str | None = None) -> Wire:
    """A wire with a stream that is ready."""
    wire = Wire(ring_s=ring_s, chat_id=chat_id)
    wire.connect()
    wire.exchange()
    return wire
