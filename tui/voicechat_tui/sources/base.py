"""What every source of audio offers."""

from collections.abc import AsyncGenerator
from typing import Protocol, Self

import numpy as np

from voicechat_common.audio import Samples


class AudioSource(Protocol):
    """A stream of mono 16-bit audio. An async context manager; the attributes are known once it is entered.

    Attributes:
        name: What to call it when talking to the user.
        sample_rate: Samples per second.
        duration_s: Its length in seconds, or None if unknown.
        is_live: True if it goes on whether or not anybody listens, like a microphone.
        remarks: Sentences about anything odd; complete once the packets have ended.
    """

    name: str
    sample_rate: int
    duration_s: float | None
    is_live: bool
    remarks: list[str]

    def packets(self) -> AsyncGenerator[Samples, None]:
        """Yield the audio in packets, each as soon as it is available.

        Raises:
            VoicechatError: `bad_audio_file` if it can't be read to the end.
        """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *failure: object) -> None: ...


class PacketCutter:
    """Cuts blocks of any length into packets of one length.

    Args:
        length: Samples per packet.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._rest: Samples = np.zeros(0, np.int16)

    def push(self, block: Samples) -> list[Samples]:
        """Return the packets completed by this block."""
        samples = np.concatenate([self._rest, block])
        whole = len(samples) - len(samples) % self._length
        self._rest = samples[whole:]
        return [samples[at : at + self._length] for at in range(0, whole, self._length)]

    def finish(self) -> list[Samples]:
        """Return what is left, as one shorter packet or nothing."""
        rest, self._rest = self._rest, self._rest[:0]
        return [rest] if len(rest) else []
