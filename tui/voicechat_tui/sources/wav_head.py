"""The header of a WAV file read from a pipe, where its length fields may be guesses."""

import struct
from dataclasses import dataclass

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _

_PCM = 1
_EXTENSIBLE = 0xFFFE
_BIGGEST_HEADER = 1 << 16
_UNKNOWN_SIZE = 0x7FFF_0000
"""Programs that write to a pipe state sizes from about here upwards to mean "until the end"."""


@dataclass(frozen=True)
class WavHead:
    """What a header states.

    Attributes:
        sample_rate: Samples per second.
        channels: Interleaved channels.
        data_at: Where in the file the samples begin, in bytes.
        data_bytes: How many bytes of samples follow, or None for all that come.
    """

    sample_rate: int
    channels: int
    data_at: int
    data_bytes: int | None


def parse_wav_head(head: bytes) -> WavHead | None:
    """Return the header of a little-endian 16-bit PCM WAV file, or None if more bytes are needed.

    Raises:
        VoicechatError: `bad_audio_file` if the samples are in another format or the header makes no sense.
    """
    at = 12
    sample_format: tuple[int, int] | None = None
    while len(head) >= at + 8:
        name, size = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"data":
            if sample_format is None:
                raise _bad(_("the samples come before their format"))
            rate, channels = sample_format
            return WavHead(rate, channels, at, size if 0 < size < _UNKNOWN_SIZE else None)
        if name == b"fmt ":
            if len(head) < at + 16:
                return None
            sample_format = _sample_format(head[at : at + 16])
        at += size + size % 2
        if at > _BIGGEST_HEADER:
            raise _bad(_("the header has no end"))
    return None


def _sample_format(chunk: bytes) -> tuple[int, int]:
    kind, channels, rate = struct.unpack_from("<HHI", chunk)
    (bits,) = struct.unpack_from("<H", chunk, 14)
    if kind not in (_PCM, _EXTENSIBLE) or bits != 16:
        raise _bad(_("its samples are not 16-bit PCM (format {kind}, {bits} bits)", kind=kind, bits=bits))
    if not channels or not rate:
        raise _bad(_("it states no number of channels or no rate"))
    return rate, channels


def _bad(reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_AUDIO_FILE,
        _("Standard input carries a WAV file that can't be used here: {reason}.", reason=reason),
        _("Pipe in 16-bit audio, as from `arecord -f S16_LE -r 16000`, or name the file instead of `-`."),
    )
