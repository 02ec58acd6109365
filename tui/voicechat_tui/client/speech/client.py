"""The speech client: a stream over a real socket, kept alive through outages."""

from collections.abc import AsyncIterator
from random import Random
from typing import Self

from voicechat_common.audio import Samples
from voicechat_common.protocol.speech import Start
from voicechat_common.transcript import Transcript
from voicechat_tui.client.connection.link import Link
from voicechat_tui.client.connection.state import LinkState
from voicechat_tui.client.speech.core import SpeechCore
from voicechat_tui.client.speech.events import Event
from voicechat_tui.client.speech.policy import SpeechPolicy


class SpeechClient:
    """One stream to a speech server. An async context manager, and an async iterator of its events.

    The iterator ends after `Done`, or raises the `VoicechatError` for which the stream was given up. It must
    be read while audio is sent: where nobody takes the events, the server's messages are not read either.

    Args:
        url: The WebSocket URL of the server.
        start: How the stream is opened.
        policy: The limits.
    """

    def __init__(self, url: str, start: Start | None = None, policy: SpeechPolicy | None = None) -> None:
        limits = policy or SpeechPolicy()
        # The jitter of a delay guards nothing.
        self._core = SpeechCore(start or Start(), limits, Random())  # noqa: S311
        self._link = Link[Event](self._core, lambda: url, limits)

    async def __aenter__(self) -> Self:
        self._link.open()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._link.close()

    @property
    def state(self) -> LinkState:
        """Where the stream stands."""
        return self._core.state

    @property
    def transcript(self) -> Transcript:
        """All that was recognised so far."""
        return self._core.transcript

    @property
    def position(self) -> int:
        """How many samples were given to the stream."""
        return self._core.end

    async def send(self, samples: Samples) -> bool:
        """Append audio, waiting while too much of it is unacknowledged; for sources that can wait.

        Returns:
            False if the stream has ended and takes no more.
        """
        while len(samples) and not self._ended:
            taken = samples[: self._core.capacity]
            if len(taken):
                self._core.add(taken)
                self._link.wake()
                samples = samples[len(taken) :]
            else:
                self._link.progress.clear()
                await self._link.progress.wait()
        return not self._ended

    def offer(self, samples: Samples) -> None:
        """Append audio without waiting; for sources that go on. At worst the oldest audio gives way."""
        self._core.add(samples)
        self._link.wake()

    def flush(self) -> None:
        """End the current segment after the audio so far."""
        self._core.flush()
        self._link.wake()

    def stop(self) -> None:
        """Say that no more audio comes: the finals follow, then `Done`. May be called again."""
        self._core.stop()
        self._link.wake()

    def cut(self) -> None:
        """Drop the connection without goodbye, as a broken network does. The client comes back by itself."""
        self._link.cut()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._link.next_event()) is not None:
            yield event
        await self._link.join()

    @property
    def _ended(self) -> bool:
        return self._core.state in (LinkState.FINISHED, LinkState.FAILED)
