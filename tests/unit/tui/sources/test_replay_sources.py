"""Files and standard input as sources: every format and rate, packets, odd headers, endings."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicechat_common.audio import Samples, bytes_of
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.sources.base import AudioSource, PacketCutter
from voicechat_tui.sources.file import FileSource
from voicechat_tui.sources.stdin import StdinSource


def noise(count: int) -> Samples:
    return np.random.default_rng(4).integers(-20_000, 20_000, count, dtype=np.int16)


async def packets_of(source: AudioSource) -> list[Samples]:
    async with source:
        return [packet async for packet in source.packets()]


@pytest.mark.parametrize(("count", "length"), [(0, 3), (2, 3), (3, 3), (10, 3), (7, 100)])
@pytest.mark.parametrize("block", [1, 4, 50])
def test_cutting_loses_nothing(count: int, length: int, block: int) -> None:
    cutter, samples = PacketCutter(length), noise(count)
    packets = [packet for at in range(0, count, block) for packet in cutter.push(samples[at : at + block])]
    assert all(len(packet) == length for packet in packets)
    packets += cutter.finish()
    assert np.concatenate([*packets, samples[:0]]).tolist() == samples.tolist()


@pytest.mark.parametrize("packet_ms", [1, 20, 100, 1000])
async def test_a_file_comes_in_packets_at_its_own_rate(tmp_path: Path, packet_ms: int) -> None:
    samples = noise(22_050 * 2 + 123)
    soundfile.write(tmp_path / "take.flac", samples, 22_050)
    source = FileSource(tmp_path / "take.flac", packet_ms)
    packets = await packets_of(source)
    assert source.sample_rate == 22_050
    assert source.duration_s == pytest.approx(2.0, abs=0.01)
    assert {len(packet) for packet in packets[:-1]} == {22_050 * packet_ms // 1000}
    np.testing.assert_array_equal(np.concatenate(packets), samples)
    assert source.remarks == []


@pytest.mark.parametrize("rate", [4_000, 96_000])
async def test_a_rate_the_protocol_does_not_carry_is_resampled(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "take.wav", noise(rate), rate)
    source = FileSource(tmp_path / "take.wav", 100)
    packets = await packets_of(source)
    assert source.sample_rate == 16_000
    assert sum(map(len, packets)) == 16_000


async def test_a_file_can_be_asked_for_at_another_rate(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "take.wav", noise(8_000), 8_000)
    source = FileSource(tmp_path / "take.wav", 100, rate=16_000)
    assert sum(map(len, await packets_of(source))) == 16_000


async def test_a_truncated_mp3_is_remarked_upon(tmp_path: Path) -> None:
    path = tmp_path / "take.mp3"
    soundfile.write(path, noise(48_000), 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = FileSource(path, 100)
    await packets_of(source)
    assert len(source.remarks) == 1
    assert "but its header says 3.0 s" in source.remarks[0]


async def test_a_bad_file_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(VoicechatError) as caught:
        await FileSource(tmp_path / "nothing.wav", 100).__aenter__()
    assert caught.value.code is ErrorCode.BAD_AUDIO_FILE


class Pipe:
    """A pipe whose reading end is a source's input."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def write(self, data: bytes) -> None:
        assert os.write(self.writer, data) == len(data)

    def finish(self) -> None:
        os.close(self.writer)
        self.writer = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    if pipe.writer >= 0:
        pipe.finish()
    os.close(pipe.reader)


async def test_piped_pcm_comes_as_it_is_written(pipe: Pipe) -> None:
    samples = noise(4_000)
    async with stdin_with(pipe, bytes_of(samples[:1_000])) as source:
        stream = source.packets()
        heard = [await anext(stream)]
        assert sum(map(len, heard)) == 1_000
        pipe.write(bytes_of(samples[1_000:]))
        pipe.finish()
        heard += [packet async for packet in stream]
    assert source.sample_rate == 16_000
    assert max(map(len, heard)) <= 1_600
    np.testing.assert_array_equal(np.concatenate(heard), samples)


def stdin_with(pipe: Pipe, data: bytes, rate: int = 16_000) -> StdinSource:
    pipe.write(data)
    return StdinSource(pipe.reader, rate, 100)


async def heard_from(pipe: Pipe, data: bytes, rate: int = 16_000) -> tuple[Samples, StdinSource]:
    source = stdin_with(pipe, data, rate)
    pipe.finish()
    packets = await packets_of(source)
    return np.concatenate([*packets, np.zeros(0, np.int16)]), source


async def test_an_odd_byte_at_the_end_is_remarked_upon(pipe: Pipe) -> None:
    samples, source = await heard_from(pipe, bytes_of(noise(100)) + b"\1")
    np.testing.assert_array_equal(samples, noise(100))
    assert "16-bit PCM?" in source.remarks[0]


async def test_a_rate_beyond_the_protocol_is_resampled(pipe: Pipe) -> None:
    samples, source = await heard_from(pipe, bytes_of(noise(9_600)), rate=96_000)
    assert (len(samples), source.sample_rate) == (1_600, 16_000)


def wav(samples: Samples, channels: int, *, size: int | None = None, extra: bytes = b"") -> bytes:
    """A WAV file as a recorder writes it into a pipe."""
    data = bytes_of(samples)
    head = (
        b"WAVEfmt " + (16).to_bytes(4, "little") + (1).to_bytes(2, "little") + channels.to_bytes(2, "little")
    )
    head += (8_000).to_bytes(4, "little") + (16_000 * channels).to_bytes(4, "little")
    head += (2 * channels).to_bytes(2, "little") + (16).to_bytes(2, "little") + extra
    head += b"data" + (len(data) if size is None else size).to_bytes(4, "little")
    return b"RIFF" + (0xFFFFFFFF).to_bytes(4, "little") + head + data


@pytest.mark.parametrize("size", [None, 0, 0x7FFFFFFF, 0xFFFFFFFF])
async def test_a_wav_header_in_front_of_the_pcm_is_understood(pipe: Pipe, size: int | None) -> None:
    samples, source = await heard_from(
        pipe, wav(noise(500), 1, size=size, extra=b"LIST\3\0\0\0abc\0"), rate=44_100
    )
    assert source.sample_rate == 8_000
    np.testing.assert_array_equal(samples, noise(500))


async def test_what_follows_the_samples_of_a_wav_file_is_no_audio(pipe: Pipe) -> None:
    samples, _ = await heard_from(pipe, wav(noise(500), 1) + b"LIST\4\0\0\0tags")
    np.testing.assert_array_equal(samples, noise(500))


async def test_piped_stereo_is_mixed_down(pipe: Pipe) -> None:
    samples, _ = await heard_from(pipe, wav(np.array([100, 300, -5, 5, 7], np.int16), 2))
    assert samples.tolist() == [200, 0]


async def test_a_wav_header_that_trickles_in_is_understood(pipe: Pipe) -> None:
    data = wav(noise(50), 1)
    for byte in data[:60]:
        pipe.write(bytes([byte]))
    pipe.write(data[60:])
    pipe.finish()
    packets = await packets_of(StdinSource(pipe.reader, 16_000, 100))
    np.testing.assert_array_equal(np.concatenate(packets), noise(50))


async def test_a_file_that_is_known_by_its_second_frame_is_refused_when_that_comes(pipe: Pipe) -> None:
    frame = b"\xff\xfb\x90\x64" + bytes(413)
    async with stdin_with(pipe, frame) as source:
        stream = source.packets()
        await anext(stream)
        pipe.write(frame)
        with pytest.raises(VoicechatError, match="carries MP3 data"):
            await anext(stream)
        await stream.aclose()


FLOAT_WAV = wav(noise(4), 1).replace(b"\1\0\1\0", b"\3\0\1\0", 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "input is empty"),
        (b"fLaC" + bytes(100), "carries FLAC data"),
        (b"ID3\4" + bytes(100), "carries MP3 data"),
        (b"\x1a\x45\xdf\xa3" + bytes(100), "carries WebM or Matroska data"),
        (base64.b64encode(bytes_of(noise(200))), "carries base64 data"),
        (b'{"type":"start"}', "carries JSON data"),
        (wav(noise(4), 1)[:30], "ended within a WAV header"),
        (FLOAT_WAV, "not 16-bit PCM"),
        (wav(noise(4), 0), "no number of channels"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "before their format"),
        (b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x7f", "no end"),
    ],
)
async def test_what_can_not_be_used_is_refused_in_words(pipe: Pipe, data: bytes, message: str) -> None:
    source = stdin_with(pipe, data)
    pipe.finish()
    with pytest.raises(VoicechatError, match=message) as caught:
        await packets_of(source)
    assert caught.value.code is ErrorCode.BAD_AUDIO_FILE


async def test_a_closed_standard_input_is_told() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    os.close(reader)
    with pytest.raises(VoicechatError, match="Bad file descriptor"):
        await packets_of(StdinSource(reader, 16_000, 100))


async def test_a_source_that_is_left_does_not_wait_for_its_input(pipe: Pipe) -> None:
    async with stdin_with(pipe, bytes(100)):
        pass
