"""What is no PCM is known by its first bytes, however they are cut, and PCM is never taken for it."""

import base64
import gzip
import io
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.support.samples import SENTENCES, audio, packets, pcm
from voicechat_common.audio import bytes_of
from voicechat_common.foreign import HEAD_BYTES, Foreign, HeadCheck, Kind, foreign_of

BOX_SIZE = b"\0\0\0\x1c"
TEXT = "你好，今天的天气很好，我们去公园散步吧。" * 10


def written(file_format: str, subtype: str | None = None, rate: int = 16_000, endian: str = "FILE") -> bytes:
    """The beginning of a file that libsndfile writes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio("network"), rate, format=file_format, subtype=subtype, endian=endian)
    return buffer.getvalue()[:HEAD_BYTES]


def mpeg_frames(header: bytes, length: int) -> bytes:
    return (header + bytes(length - len(header))) * 3


def adts_frames(length: int) -> bytes:
    header = bytes([0xFF, 0xF1, 0x60, 0x40 | length >> 11, length >> 3 & 255, (length & 7) << 5 | 0x1F, 0xFC])
    return (header + bytes(length - 7)) * 3


FILES = {
    "WAV": (
        written("WAV"),
        written("WAV", endian="BIG"),
        written("RF64"),
        written("WAVEX"),
        b"BW64\xff\xff\xff\xffWAVEds64",
    ),
    "Wave64": (written("W64"),),
    "FLAC": (written("FLAC"), written("FLAC", rate=44_100)),
    "Ogg": (written("OGG", "VORBIS"), written("OGG", "OPUS")),
    "MP3": (
        written("MP3"),
        written("MP3", rate=44_100),
        b"ID3\4\0\0\0\0\x0f\x76",
        mpeg_frames(b"\xff\xfd\x84\x04", 384),  # layer II, MPEG-1, 128 kbit/s at 48 kHz
        mpeg_frames(b"\xff\xf5\x88\xc4", 576),  # layer II, MPEG-2, 64 kbit/s at 16 kHz
    ),
    "AIFF": (written("AIFF"), written("AIFF", "FLOAT")),
    "AU": (written("AU"), written("AU", endian="LITTLE")),
    "CAF": (written("CAF"),),
    "VOC": (written("VOC"),),
    "SPHERE": (written("NIST"),),
    "WebM or Matroska": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", b"\x1f\x43\xb6\x75\x01\xff\xff\xff"),
    "MP4": tuple(
        BOX_SIZE + box for box in (b"ftypM4A ", b"ftyp3gp4", b"ftypqt  ", b"styp", b"moof", b"mdat")
    ),
    "AAC": (adts_frames(500), adts_frames(9), (b"\x56\xe0\x40" + bytes(64)) * 4),
    "AMR": (b"#!AMR\n\x3c", b"#!AMR-WB\n\x24"),
    "SILK": (b"#!SILK_V3", b"\2#!SILK_V3"),
    "Windows Media": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),),
    "FLV": (b"FLV\1\4\0\0\0\x09",),
    "AVI": (b"RIFF\x6d\x61\x50\2AVI LIST",),
    "MPEG program stream": (b"\0\0\1\xba\x21\0\1\0",),
    "MPEG transport stream": ((b"G\x40\x11\x10" + bytes(184)) * 5, (b"\x0e\xbf\x46\x22G" + bytes(187)) * 5),
    "MIDI": (b"MThd\0\0\0\6\0\1",),
    "gzip": (gzip.compress(pcm("network")),),
    "ZIP": (b"PK\3\4\x14\0",),
    "PDF": (b"%PDF-1.7\n",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF\0",),
    "JSON": (
        b'{"type":"start"}',
        b'\xef\xbb\xbf\n{ "audio" : "AAAA"}',
        b'[{"a":1}]',
        b'{"eof":1}' + pcm("network"),
    ),
    "HTML": (b"<!DOCTYPE html>", b"<html lang='zh'>"),
    "XML": (b'<?xml version="1.0"?>',),
    "HTTP": (b"HTTP/1.1 200 OK\r\n", b"GET /ws HTTP/1.1\r\n", b"POST /asr"),
    "data URL": (b"data:audio/wav;base64,UklGR", b"data:audio/webm;codecs=opus;base64,Gk"),
    "base64": (
        base64.b64encode(pcm("network")),
        base64.urlsafe_b64encode(pcm("network")),
        base64.encodebytes(written("WAV")),
        base64.b64encode(pcm("network")).decode().encode("utf-16"),
    ),
    "hexadecimal": (pcm("network").hex().encode(), pcm("network").hex(" ").upper().encode()),
    "text": (TEXT.encode(), TEXT.encode("utf-16"), ", ".join(map(str, audio("network"))).encode()),
}


@pytest.mark.parametrize(("name", "head"), [(name, head) for name, heads in FILES.items() for head in heads])
def test_it_is_known_by_its_first_bytes_in_packets_of_any_length(name: str, head: bytes) -> None:
    for size in (1, 7, HEAD_BYTES):
        check = HeadCheck()
        found = next(filter(None, map(check.look, packets(head[:HEAD_BYTES], size))), None)
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize("name", [*SENTENCES, "talk"])
@pytest.mark.parametrize("gain", [0.01, 1, 30])
def test_speech_is_pcm_from_wherever_it_is_sent(name: str, gain: float) -> None:
    data = bytes_of(np.clip(audio(name) * gain, -32_768, 32_767).astype(np.int16))
    assert not any(foreign_of(data[at : at + HEAD_BYTES]) for at in range(0, len(data), 3202))


def test_silence_and_steady_levels_are_pcm() -> None:
    noise = np.random.default_rng(1).normal(0, 4, 2048)
    for level in range(-32_700, 32_700, 256):
        for spread in (0, 1, 5):
            assert foreign_of(bytes_of((level + spread * noise).astype(np.int16))) is None


@given(st.lists(st.integers(-32_768, 32_767), max_size=300))
def test_no_samples_are_taken_for_something_else_by_chance(samples: list[int]) -> None:
    assert foreign_of(np.array(samples, "<i2").tobytes()) is None


def test_loud_pcm_that_begins_like_a_frame_is_pcm() -> None:
    noise = bytes_of(np.random.default_rng(7).integers(-32_768, 32_767, 2048, dtype=np.int16))
    for header in (
        b"\xff\xfb\x90\x64",
        b"\xff\xf1\x60\x40\x20\x1f\xfc",
        b"\x56\xe0\x40",
        b"G",
        b"\x1f\x8b\x08",
    ):
        assert foreign_of(header + noise) is None


@given(cuts=st.lists(st.integers(1, 400), max_size=30))
def test_how_the_stream_is_cut_makes_no_difference(cuts: list[int]) -> None:
    data, check = adts_frames(300), HeadCheck()
    bounds = [0, *sorted(cuts), len(data)]
    found = [check.look(data[a:b]) for a, b in pairwise(bounds)]
    assert Foreign("AAC", Kind.MEDIA_FILE) in found


def test_only_the_first_bytes_are_looked_at() -> None:
    check = HeadCheck()
    assert check.look(bytes(HEAD_BYTES)) is None
    assert check.look(written("WAV")) is None
