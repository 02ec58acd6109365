"""Notices an audio file that is sent as if it were raw samples."""

from voicechat_common.audio import CONTAINER_HEAD_BYTES, container_of
from voicechat_common.errors import ErrorCode, VoicechatError


class PcmCheck:
    """Looks at the first bytes of a stream, in packets of any length, for the header of an audio file."""

    def __init__(self) -> None:
        self._head = bytearray()

    def look(self, data: bytes) -> None:
        """Take the next bytes of the stream.

        Raises:
            VoicechatError: `not_pcm`, naming the file format.
        """
        room = CONTAINER_HEAD_BYTES - len(self._head)
        if room <= 0:
            return
        self._head += data[:room]
        container = container_of(bytes(self._head))
        if container is not None:
            raise VoicechatError(
                ErrorCode.NOT_PCM,
                f"The audio begins with the header of a {container} file; raw samples are expected.",
                "Send 16-bit little-endian mono samples without a header, "
                "or let `voicechat-tui replay FILE` convert and send the file.",
            )
