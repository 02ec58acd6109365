"""How messages are written on the socket: as JSON, or as bare text for the simplest clients."""

from typing import Protocol

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Final, Partial, SegmentEvent, ServerMessage
from voicechat_common.transcript import join_texts, shared_length


class Format(Protocol):
    """A way to write messages.

    Attributes:
        carries_errors: Whether errors can be sent without closing.
    """

    carries_errors: bool

    def render(self, message: ServerMessage) -> str | None:
        """Return the text frame for a message, or None if this format doesn't send it."""


class JsonFormat:
    """Every message, as JSON."""

    carries_errors = True

    def render(self, message: ServerMessage) -> str | None:
        """Return the message as JSON."""
        return encode(message)


class TextFormat:
    """Only recognised text; each frame is what is new since the last.

    Nothing sent is ever taken back. While a segment grows, its additions are sent; a partial that rewrites
    characters already sent is skipped. The final sends all of its text after the common prefix. As long as
    the recogniser only appends, the concatenated frames are exactly the final texts, joined as `join_texts`
    does.
    """

    carries_errors = False

    def __init__(self) -> None:
        self._segment = 0
        self._sent = ""
        self._before = ""

    def render(self, message: ServerMessage) -> str | None:
        """Return the text that a partial or final adds, or None if it adds none."""
        if not isinstance(message, Partial | Final) or message.segment < self._segment:
            return None
        if message.segment > self._segment:
            self._finish(message.segment)
        return self._growth(message) or None

    def _growth(self, event: SegmentEvent) -> str:
        shared = shared_length(self._sent, event.text)
        if shared < len(self._sent) and isinstance(event, Partial):
            return ""
        new = event.text[shared:]
        if not self._sent and new:
            new = join_texts((self._before, new)).removeprefix(self._before)
        self._sent = event.text
        return new

    def _finish(self, next_segment: int) -> None:
        self._before = self._sent[-1:] or self._before
        self._segment = next_segment
        self._sent = ""


def choose_format(name: str) -> Format:
    """Return a new instance of the named format.

    Raises:
        VoicechatError: `bad_field` if there is no such format.
    """
    match name:
        case "json":
            return JsonFormat()
        case "text":
            return TextFormat()
        case _:
            raise VoicechatError(
                ErrorCode.BAD_FIELD,
                f"The format {name[:64]!r} is not known here.",
                "Connect to /ws for JSON messages, or to /ws?format=text for bare text.",
            )
