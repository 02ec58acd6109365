"""One connection's hold on a stream."""

from collections.abc import AsyncIterator

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Done, Error, StreamEvent, StreamOrigin
from voicechat_server.asr.streams.stream import Stream


class StreamHandle:
    """What a connection does with its stream. A newer connection of the same client takes the stream over.

    Args:
        stream: The stream.
        finals_received: Finals the client has from an earlier connection.
        origin: Where the stream comes from.

    Attributes:
        stream_id: The stream's name, by which a lost connection is resumed.
        ready: What to send the client first.
    """

    def __init__(
        self, stream: Stream, finals_received: int = 0, origin: StreamOrigin = StreamOrigin.NEW
    ) -> None:
        self.stream_id = stream.ready.stream_id
        self._stream = stream
        stream.attach(self, finals_received)
        self.ready = stream.ready.model_copy(
            update={"received_samples": stream.received_samples, "origin": origin}
        )

    @property
    def waiting(self) -> int:
        """Events that wait to be taken."""
        return self._stream.outbox.waiting

    async def send_audio(self, data: bytes) -> None:
        """Take audio of any length; return when the stream is not further behind than it may be.

        Raises:
            VoicechatError: Another connection has taken the stream over.
        """
        self._check_hold()
        await self._stream.take(data, self)

    async def flush(self) -> None:
        """End the current segment now; an `ack` follows its final.

        Raises:
            VoicechatError: Another connection has taken the stream over.
        """
        self._check_hold()
        self._stream.flush()

    async def stop(self) -> None:
        """Say that no more audio comes; without effect if the stream was taken over."""
        if self._stream.held_by(self):
            self._stream.stop()

    def warn(self, error: Error) -> None:
        """Send the client, also on a later connection, an error that doesn't end the stream."""
        self._stream.outbox.put(error)

    async def events(self) -> AsyncIterator[StreamEvent]:
        """Yield the stream's events, up to and including `done` or a fatal error.

        Raises:
            VoicechatError: Another connection has taken the stream over.
        """
        while True:
            await self._stream.outbox.wait()
            self._check_hold()
            event = self._stream.outbox.take()
            if event is None:
                continue
            yield event
            if isinstance(event, Done) or (isinstance(event, Error) and event.fatal):
                return

    def detach(self) -> None:
        """Say that the connection is gone; without effect if the stream was taken over."""
        if self._stream.held_by(self):
            self._stream.detach()

    def _check_hold(self) -> None:
        if not self._stream.held_by(self):
            raise VoicechatError(
                ErrorCode.CONNECTION_LOST,
                "Another connection has resumed this stream.",
                "Go on with that connection, or open a stream of your own.",
            )
