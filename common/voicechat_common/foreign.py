"""Data that is not raw PCM, recognised by the first bytes of a stream.

Every signature is at least four bytes long, or must recur where the format says: in a stream of loud
samples, any pair of bytes occurs sooner or later.
"""

import codecs
import re
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

HEAD_BYTES = 4096
"""How many bytes at the start of a stream suffice to recognise every format known here."""

_TEXT_BYTES = 128
"""A stream counts as text if its first so many bytes are all text."""

_TEXT_DISTINCT = 3
"""The least number of different bytes that text has at even and at odd positions.

Samples that stay near one level may all look like letters; other samples have low bytes of every value.
"""


class Kind(Enum):
    """What the user can do about it."""

    AUDIO_FILE = auto()
    """`voicechat-tui replay` reads it."""
    MEDIA_FILE = auto()
    """Other programs convert it to PCM."""
    OTHER_FILE = auto()
    TEXT = auto()


class Foreign(NamedTuple):
    """Something other than PCM.

    Attributes:
        name: Its format, such as `WebM`.
        kind: What the user can do about it.
    """

    name: str
    kind: Kind


class HeadCheck:
    """Looks at the first bytes of a stream that arrives in packets of any length."""

    def __init__(self) -> None:
        self._head = bytearray()

    def look(self, packet: bytes) -> Foreign | None:
        """Take the next bytes of the stream; return what it is, as soon as it is known not to be PCM."""
        room = HEAD_BYTES - len(self._head)
        if room <= 0:
            return None
        self._head += packet[:room]
        return foreign_of(bytes(self._head))


def foreign_of(head: bytes) -> Foreign | None:
    """Return what the first bytes of a stream are, or None if they may be PCM.

    Args:
        head: The first bytes, ideally `HEAD_BYTES` of them. With fewer, something may go unrecognised.
    """
    if (sign := _SIGN.match(head)) is not None and sign.lastindex is not None:
        return _SIGNS[sign.lastindex - 1][0]
    for foreign, is_it in _PATTERNS:
        if is_it(head):
            return foreign
    return _text_of(head)


def _sign(name: str, kind: Kind, *parts: tuple[int, bytes]) -> tuple[Foreign, tuple[tuple[int, bytes], ...]]:
    return Foreign(name, kind), parts


_SIGNS = (
    *(
        _sign("WAV", Kind.AUDIO_FILE, (0, sign), (8, b"WAVE"))
        for sign in (b"RIFF", b"RIFX", b"RF64", b"BW64")
    ),
    _sign("Wave64", Kind.AUDIO_FILE, (0, b"riff\x2e\x91\xcf\x11")),
    _sign("FLAC", Kind.AUDIO_FILE, (0, b"fLaC")),
    _sign("Ogg", Kind.AUDIO_FILE, (0, b"OggS\0")),
    *(_sign("AIFF", Kind.AUDIO_FILE, (0, b"FORM"), (8, sign)) for sign in (b"AIFF", b"AIFC")),
    _sign("IFF", Kind.AUDIO_FILE, (0, b"FORM"), (8, b"8SVX")),
    *(_sign("AU", Kind.AUDIO_FILE, (0, sign)) for sign in (b".snd", b"dns.")),
    _sign("CAF", Kind.AUDIO_FILE, (0, b"caff\0\1")),
    _sign("VOC", Kind.AUDIO_FILE, (0, b"Creative Voice File")),
    _sign("SPHERE", Kind.AUDIO_FILE, (0, b"NIST_1A\n")),
    *(
        _sign("WebM or Matroska", Kind.MEDIA_FILE, (0, id_))
        for id_ in (b"\x1a\x45\xdf\xa3", b"\x1f\x43\xb6\x75")
    ),
    *(
        _sign("MP4", Kind.MEDIA_FILE, (4, box))
        for box in (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"free", b"skip", b"wide")
    ),
    *(_sign("AMR", Kind.MEDIA_FILE, (0, sign)) for sign in (b"#!AMR\n", b"#!AMR-WB", b"#!AMR_MC")),
    *(_sign("SILK", Kind.MEDIA_FILE, (at, b"#!SILK")) for at in (0, 1)),
    _sign("Windows Media", Kind.MEDIA_FILE, (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    _sign("FLV", Kind.MEDIA_FILE, (0, b"FLV\1")),
    _sign("AVI", Kind.MEDIA_FILE, (0, b"RIFF"), (8, b"AVI ")),
    _sign("MPEG program stream", Kind.MEDIA_FILE, (0, b"\0\0\1\xba")),
    *(
        _sign("MPEG transport stream", Kind.MEDIA_FILE, *((at + size * n, b"G") for n in range(5)))
        for at, size in ((0, 188), (4, 192), (0, 204))
    ),
    _sign("DTS", Kind.MEDIA_FILE, (0, b"\x7f\xfe\x80\x01")),
    _sign("TrueHD", Kind.MEDIA_FILE, (4, b"\xf8\x72\x6f\xba")),
    _sign("WavPack", Kind.MEDIA_FILE, (0, b"wvpk")),
    _sign("Monkey's Audio", Kind.MEDIA_FILE, (0, b"MAC ")),
    _sign("TTA", Kind.MEDIA_FILE, (0, b"TTA1")),
    _sign("Musepack", Kind.MEDIA_FILE, (0, b"MPCK")),
    _sign("DSD", Kind.MEDIA_FILE, (0, b"DSD ")),
    _sign("DSD", Kind.MEDIA_FILE, (0, b"FRM8")),
    _sign("RealMedia", Kind.MEDIA_FILE, (0, b".RMF")),
    _sign("SoX", Kind.MEDIA_FILE, (0, b".SoX")),
    _sign("SoX", Kind.MEDIA_FILE, (0, b"XoS.")),
    _sign("MIDI", Kind.OTHER_FILE, (0, b"MThd")),
    _sign("ZIP", Kind.OTHER_FILE, (0, b"PK\3\4")),
    _sign("7z", Kind.OTHER_FILE, (0, b"7z\xbc\xaf\x27\x1c")),
    _sign("RAR", Kind.OTHER_FILE, (0, b"Rar!\x1a\7")),
    _sign("xz", Kind.OTHER_FILE, (0, b"\xfd7zXZ\0")),
    _sign("Zstandard", Kind.OTHER_FILE, (0, b"\x28\xb5\x2f\xfd")),
    _sign("bzip2", Kind.OTHER_FILE, (0, b"BZh"), (4, b"1AY&SY")),
    _sign("PDF", Kind.OTHER_FILE, (0, b"%PDF-")),
    _sign("PNG", Kind.OTHER_FILE, (0, b"\x89PNG\r\n\x1a\n")),
    *(_sign("JPEG", Kind.OTHER_FILE, (0, b"\xff\xd8\xff"), (6, sign)) for sign in (b"JFIF", b"Exif")),
    *(_sign("GIF", Kind.OTHER_FILE, (0, sign)) for sign in (b"GIF87a", b"GIF89a")),
    _sign("NumPy", Kind.OTHER_FILE, (0, b"\x93NUMPY")),
    _sign("program", Kind.OTHER_FILE, (0, b"\x7fELF")),
)
"""What each format begins with: bytes and their positions."""

_SIGN = re.compile(
    b"|".join(
        b"(%b)" % b"".join(b"(?=.{%d}%b)" % (at, re.escape(sign)) for at, sign in parts)
        for _, parts in _SIGNS
    ),
    re.DOTALL,
)


def _repeats(head: bytes, length_of: Callable[[bytes], int | None], kept: bytes, times: int) -> bool:
    """Return whether frames follow each other: a single header also occurs in loud PCM.

    Args:
        head: The first bytes of the stream.
        length_of: Returns the length of the frame that begins with these bytes, or None if none does.
        kept: The bits of a header that are the same in all frames of a stream.
        times: How many headers to find.
    """
    first, at = _masked(head, kept), 0
    for _ in range(times):
        header = head[at : at + 8]
        length = length_of(header) if len(header) == 8 and _masked(header, kept) == first else None
        if length is None:
            return False
        at += length
    return True


def _masked(header: bytes, kept: bytes) -> bytes:
    return bytes(byte & mask for byte, mask in zip(header, kept, strict=False))


_MPEG_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by version (2.5 is like 2) and layer."""

_MPEG_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mpeg_frame_bytes(header: bytes) -> int | None:
    if header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version not in _MPEG_RATES or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    generation = 1 if version == 3 else 2
    bits = _MPEG_KBITS[generation, layer][bitrate - 1] * 1000
    per_second = _MPEG_RATES[version][rate]
    if layer == 1:
        return (12 * bits // per_second + padding) * 4
    return (72 if (generation, layer) == (2, 3) else 144) * bits // per_second + padding


def _adts_frame_bytes(header: bytes) -> int | None:
    if header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return None
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else None


def _loas_frame_bytes(header: bytes) -> int | None:
    if header[0] != 0x56 or header[1] & 0xE0 != 0xE0:
        return None
    length = (header[1] & 0x1F) << 8 | header[2]
    return length + 3 if length else None


def _is_id3(head: bytes) -> bool:
    return (
        len(head) >= 10
        and head.startswith(b"ID3")
        and head[3] in (2, 3, 4)
        and not head[5] & 0x0F
        and all(byte < 0x80 for byte in head[6:10])
    )


def _is_gzip(head: bytes) -> bool:
    return (
        len(head) >= 10
        and head.startswith(b"\x1f\x8b\x08")
        and not head[3] & 0xE0
        and head[8] in (0, 2, 4)
        and (head[9] < 14 or head[9] == 255)
    )


def _matching(pattern: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(rb"(?:\xef\xbb\xbf)?\s*" + pattern, re.IGNORECASE)
    return lambda head: compiled.match(head) is not None


_PATTERNS: tuple[tuple[Foreign, Callable[[bytes], bool]], ...] = (
    (Foreign("MP3", Kind.AUDIO_FILE), _is_id3),
    (
        Foreign("MP3", Kind.AUDIO_FILE),
        lambda head: _repeats(head, _mpeg_frame_bytes, b"\xff\xff\x0c", 2),
    ),
    (
        Foreign("AAC", Kind.MEDIA_FILE),
        lambda head: _repeats(head, _adts_frame_bytes, b"\xff\xff\xff\xf0", 2),
    ),
    (Foreign("AAC", Kind.MEDIA_FILE), lambda head: _repeats(head, _loas_frame_bytes, b"\xff\xe0", 4)),
    (Foreign("gzip", Kind.OTHER_FILE), _is_gzip),
    (Foreign("JSON", Kind.TEXT), _matching(rb'(?:\[\s*)?\{\s*"[^"\x00-\x1f]{1,64}"\s*:')),
    (Foreign("HTML", Kind.TEXT), _matching(rb"<(?:!doctype\s|html[\s>])")),
    (Foreign("XML", Kind.TEXT), _matching(rb"<\?xml\s")),
    (Foreign("HTTP", Kind.TEXT), _matching(rb"(?:(?:GET|PUT|POST|HEAD|OPTIONS) /|HTTP/[123])")),
    (Foreign("data URL", Kind.TEXT), _matching(rb"data:[a-z]{1,16}/[\w.+-]{1,64}[;,]")),
)


def _text_of(head: bytes) -> Foreign | None:
    if len(head) < _TEXT_BYTES:
        return None
    is_wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not is_wide and _CONTROL.search(head):
        return None
    try:
        text = codecs.getincrementaldecoder("utf-16" if is_wide else "utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return None
    places = (text,) if is_wide else (head[::2], head[1::2])
    if min(len(set(place)) for place in places) < _TEXT_DISTINCT or not _SPACES.sub("", text).isprintable():
        return None
    name = next((name for name, pattern in _CODES if pattern.fullmatch(text)), "text")
    return Foreign(name, Kind.TEXT)


_CONTROL = re.compile(rb"[^\t\r\n\x20-\x7e\x80-\xff]")
_SPACES = re.compile(r"[\t\r\n]")
_CODES = (
    ("hexadecimal", re.compile(r"[0-9A-Fa-f\s]+")),
    ("base64", re.compile(r"[A-Za-z0-9+/_=\r\n-]+")),
)
