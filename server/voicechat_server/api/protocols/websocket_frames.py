"""The websockets library's protocol, reading at most one message ahead of the application."""

from collections.abc import Generator
from dataclasses import dataclass

from websockets.exceptions import ProtocolError
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.protocol import Protocol
from websockets.server import ServerProtocol

from voicechat_server.api.gate.frame_limits import FrameLimits

HEAD_BYTES = 2
LONGER_SIZES = {126: 2, 127: 8}
"""Length in bytes of the extended payload length, by the 7-bit length; RFC 6455, section 5.2."""


@dataclass(frozen=True)
class Oversized:
    """A message that is larger than the limit.

    Attributes:
        size: Its size in bytes, as far as its frames have announced it.
        limit: The limit.
    """

    size: int
    limit: int


class _OneMessageAhead(Protocol):
    """Reads frames, but none after a whole message until that has been taken.

    Thus the limit for the next message can depend on the last one, and what a client sends ahead waits as
    bytes, which take less memory than messages.

    Attributes:
        limits: What the client may send.
        has_message: Set after a whole message, or an announcement; whoever has taken it clears it.
        announced: Bytes of the audio that comes next, if its client may not send as much yet.
        oversized: A message that was too large to read; nothing after it is read.
    """

    limits: FrameLimits
    has_message = False
    announced: int | None = None
    oversized: Oversized | None = None

    def parse(self) -> Generator[None]:
        """Parse bytes into frames, as the library does, with a limit that may change between messages."""
        # What a client sends with its handshake waits for the answer: nothing may be said before that.
        self.has_message = True
        try:
            while True:
                while self.has_message:
                    yield
                yield from self._read_frame()
        except ProtocolError as error:
            self.fail(CloseCode.PROTOCOL_ERROR, str(error))
            self.parser_exc = error
        except UnicodeDecodeError as error:
            self.fail(CloseCode.INVALID_DATA, error.reason)
            self.parser_exc = error
        yield

    def ignore_rest(self) -> None:
        """Ignore all further input."""
        self.reader.discard()
        self.parser = self._ignore()
        next(self.parser)

    def forget(self) -> None:
        """Drop everything: the parser holds this object, which holds the parser."""
        self.reader.discard()
        self.events.clear()
        self.parser.close()
        self.parser = None  # type: ignore[assignment]
        self.parser_exc = self.handshake_exc = None

    @property
    def unfinished_bytes(self) -> int:
        """The bytes that have arrived of a message, and of frames behind it."""
        return len(self.reader.buffer) + (self.current_size or 0)

    def _read_frame(self) -> Generator[None]:
        size = yield from self._size_of_next()
        before = self.current_size or 0
        if before + size <= self.limits.largest:
            frame = yield from Frame.parse(self.reader.read_exact, mask=True)
            self.recv_frame(frame)
            self.has_message = frame.opcode in DATA_OPCODES and self.current_size is None
        elif self._is_audio_without_stream(size):
            self.announced = size
            self.has_message = True
        else:
            self.oversized = Oversized(before + size, self._limit_of_next())
            yield from self._ignore()

    def _size_of_next(self) -> Generator[None, None, int]:
        """Return the payload size of the next frame, without reading the frame."""
        coming = self.reader.buffer
        while len(coming) < HEAD_BYTES:
            yield
        size = coming[1] & 0x7F
        if size not in LONGER_SIZES:
            return size
        end = HEAD_BYTES + LONGER_SIZES[size]
        while len(coming) < end:
            yield
        return int.from_bytes(coming[HEAD_BYTES:end], "big")

    def _is_audio_without_stream(self, size: int) -> bool:
        """Return whether the next frame opens a stream, which allows it to be as large as it is."""
        return self._is_binary() and self.announced is None and size <= self.limits.largest_of_stream

    def _limit_of_next(self) -> int:
        return self.limits.largest_of_stream if self._is_binary() else self.limits.largest

    def _is_binary(self) -> bool:
        """Return whether the next frame, whose head has arrived, is binary."""
        return self.reader.buffer[0] & 0x0F == Opcode.BINARY

    def _ignore(self) -> Generator[None]:
        while True:
            self.reader.discard()
            yield


class FrameReader(ServerProtocol, _OneMessageAhead):
    """A server's side of a WebSocket, from its handshake on."""
