"""A client's stream and a counting server with a wire between them."""

from random import Random

import numpy as np

from tests.support.counting_server import CountingServer
from tests.support.wire import Wire
from voicechat_common.audio import Samples
from voicechat_common.protocol.speech import Start
from voicechat_tui.client.speech.core import SpeechCore
from voicechat_tui.client.speech.events import Event
from voicechat_tui.client.speech.policy import SpeechPolicy

RATE = 8_000
PER_MS = RATE // 1000


def samples(begin: int, count: int) -> Samples:
    """Samples that tell their position; none is zero, which stands for silence."""
    return (np.arange(begin, begin + count) % 30_000 + 1).astype(np.int16)


class SpeechWire(Wire[Event]):
    """Both ends of a stream."""

    def __init__(
        self,
        *,
        ring_s: float = 120.0,
        chat_id: str | None = None,
        stores: bool = False,
        server: CountingServer | None = None,
        resume: dict[str, object] | None = None,
    ) -> None:
        policy = SpeechPolicy(ring_s=ring_s, window_s=ring_s / 2)
        start = Start(sample_rate=RATE, chat_id=chat_id).model_copy(update=resume or {})
        self.core = SpeechCore(start, policy, Random(1))
        self.server = server or CountingServer(stores=stores)
        super().__init__(self.core, self.server)

    def cut(self) -> None:
        if self.connected:
            self.server.disconnect()
        super().cut()

    def exchange(self) -> None:
        """Carry everything once there and back."""
        self.send()
        self.answer()
        self.receive()

    def settle(self) -> None:
        """Carry everything there is, through reconnections."""
        for _ in range(50):
            if self.core.is_done:
                return
            self.connect()
            self.exchange()


def opened(*, ring_s: float = 120.0, chat_id: str | None = None, stores: bool = False) -> SpeechWire:
    """A wire with a stream that is ready."""
    wire = SpeechWire(ring_s=ring_s, chat_id=chat_id, stores=stores)
    wire.connect()
    wire.exchange()
    return wire
