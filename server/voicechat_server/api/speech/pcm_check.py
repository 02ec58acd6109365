"""Refuses what is sent in place of raw samples: files, text, messages."""

from pydantic_core import from_json

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.foreign import Foreign, HeadCheck, Kind

_SHORTEST_MESSAGE = len('{"a":1}')
_LONGEST_MESSAGE = 1 << 20

_ENDS = frozenset({b"EOS", b"EOF", b"END"})
"""What other services take as the end of audio."""

_PACKET = 64
"""From this frame size in bytes on, audio is not in fragments so small that they may look like a word."""

_CONVERT = "`ffmpeg -i FILE -ar 16000 -ac 1 -f s16le -` makes them"
_ADVICE = {
    Kind.AUDIO_FILE: "Send 16-bit little-endian mono samples without a header, "
    "or let `voicechat-tui replay FILE` convert and send the file.",
    Kind.MEDIA_FILE: f"Send 16-bit little-endian mono samples without a header: {_CONVERT}; in a browser, "
    "take them from an AudioWorklet, not from MediaRecorder.",
    Kind.OTHER_FILE: "Send audio: 16-bit little-endian mono samples without a header.",
    Kind.TEXT: "Send the bytes of 16-bit little-endian mono samples in binary frames as they are, "
    "not encoded as text, and messages in text frames.",
}


class PcmCheck:
    """Checks the first bytes of a stream, in packets of any length, for anything that isn't PCM."""

    def __init__(self) -> None:
        self._head = HeadCheck()

    def look(self, data: bytes) -> None:
        """Take the next bytes of the stream.

        Raises:
            VoicechatError: `not_pcm`, naming the format.
        """
        found = self._head.look(data)
        if found is not None:
            raise _not_pcm(found)


class MessageCheck:
    """Checks each binary frame for a message, or another service's end marker, in place of audio."""

    def __init__(self) -> None:
        self._sends_packets = False

    def is_message(self, data: bytes) -> bool:
        """Return whether the whole of the next frame is a JSON object or such a marker."""
        after_audio, self._sends_packets = self._sends_packets, len(data) >= _PACKET
        if not data[:_PACKET].lstrip().startswith(b"{"):
            return after_audio and data[:_PACKET].strip() in _ENDS
        if not _SHORTEST_MESSAGE <= len(data) <= _LONGEST_MESSAGE:
            return False
        try:
            return isinstance(from_json(data), dict)
        except ValueError:
            return False


def message_in_binary() -> VoicechatError:
    """Return the error for a client that sends messages as binary frames."""
    return VoicechatError(
        ErrorCode.MESSAGE_IN_BINARY,
        "A message came in a binary frame, and is ignored: binary frames are audio.",
        'Send messages in text frames, such as {"type":"stop"} at the end of the audio.',
    )


def _not_pcm(found: Foreign) -> VoicechatError:
    return VoicechatError(
        ErrorCode.NOT_PCM,
        f"The audio begins like {found.name} data; raw samples are expected.",
        _ADVICE[found.kind],
    )
