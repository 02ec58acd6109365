"""The format of a journal entry: records that are only ever appended, each with a checksum.

A record is its kind (one byte), the length of its payload (four bytes, little-endian), the CRC-32 of kind and
payload (four bytes), and the payload. The first one is the header. Nothing is read after a record that is
cut off or has a wrong checksum: a crash can leave one at the end, with nothing after it.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import Enum

from voicechat_common.audio import Samples, bytes_of, samples_of
from voicechat_tui.journal.ranges import Range

_HEAD = struct.Struct("<cII")
_RANGE = struct.Struct("<QQ")
MAX_PAYLOAD = 1 << 24


class Kind(Enum):
    """What a record contains."""

    HEADER = b"H"
    AUDIO = b"A"
    SETTLED = b"S"
    STREAM = b"I"


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        kind: What it contains.
        payload: JSON for the header and the stream, little-endian PCM for audio, two positions for what is
            settled.
    """

    kind: Kind
    payload: bytes

    @property
    def is_audio(self) -> bool:
        """Whether it contains audio."""
        return self.kind is Kind.AUDIO

    @property
    def samples(self) -> Samples:
        """The samples of an audio record."""
        return samples_of(self.payload)

    @property
    def settled(self) -> Range:
        """The samples that need not be sent again."""
        return Range(*_RANGE.unpack(self.payload))


def encode(kind: Kind, payload: bytes) -> bytes:
    """Return a record."""
    return _HEAD.pack(kind.value, len(payload), _checksum(kind.value, payload)) + payload


def audio(samples: Samples) -> bytes:
    """Return an audio record."""
    return encode(Kind.AUDIO, bytes_of(samples))


def settled(samples: Range) -> bytes:
    """Return a record of which samples need not be sent again."""
    return encode(Kind.SETTLED, _RANGE.pack(*samples))


class Decoder:
    """Takes a file in pieces and returns its records.

    Attributes:
        intact: How many bytes of the file are whole records.
        broken: True once anything else was found; nothing is returned after that.
    """

    def __init__(self) -> None:
        self.intact = 0
        self.broken = False
        self._rest = b""

    def push(self, data: bytes) -> list[Record]:
        """Return the records that are complete with this piece."""
        found: list[Record] = []
        self._rest += data
        at = 0
        while not self.broken and len(self._rest) >= at + _HEAD.size:
            name, length, checksum = _HEAD.unpack_from(self._rest, at)
            end = at + _HEAD.size + length
            if name not in _KINDS or length > MAX_PAYLOAD:
                self.broken = True
            elif len(self._rest) < end:
                break
            else:
                payload = self._rest[at + _HEAD.size : end]
                self.broken = checksum != _checksum(name, payload)
                if not self.broken:
                    found.append(Record(_KINDS[name], payload))
                    at = end
        self._rest = b"" if self.broken else self._rest[at:]
        self.intact += at
        return found


_KINDS = {kind.value: kind for kind in Kind}


def _checksum(name: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(name))
