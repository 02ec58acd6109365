"""Audio files of every format, rate and channel count; and what is none."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicechat_common.audio import Samples
from voicechat_common.audio_file import AudioFile
from voicechat_common.errors import ErrorCode, VoicechatError

FORMATS = [
    ("wav", "PCM_16", 1),
    ("wav", "PCM_24", 2),
    ("wav", "PCM_U8", 260),
    ("wav", "FLOAT", 2),
    ("flac", "PCM_16", 1),
    ("ogg", "VORBIS", 1500),
    ("mp3", None, 1500),
]


def tone(rate: int, seconds: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(0.5 * np.sin(2 * np.pi * 300 * np.arange(int(rate * seconds)) / rate))


def read(path: Path, block: int = 1000) -> Samples:
    with AudioFile(path) as file:
        return np.concatenate(list(file.blocks(block)))


@pytest.mark.parametrize(("suffix", "subtype", "tolerance"), FORMATS)
@pytest.mark.parametrize("rate", [8_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read_as_mono(
    tmp_path: Path, suffix: str, subtype: str | None, tolerance: int, rate: int, channels: int
) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, np.stack([tone(rate)] * channels, axis=1), rate, subtype=subtype)
    with AudioFile(path) as file:
        assert file.sample_rate == rate
        assert file.duration_s == pytest.approx(1.0, abs=0.01)
    samples = read(path)
    assert len(samples) == rate
    # Lossy encoders ring at the edges.
    inner = slice(rate // 10, -rate // 10)
    assert np.abs(samples[inner] - tone(rate)[inner] * 32_768).max() <= tolerance


def test_channels_are_mixed_by_their_mean(tmp_path: Path) -> None:
    path = tmp_path / "three.wav"
    soundfile.write(path, np.array([[300, 600, -300], [0, 0, 3]], np.int16), 16_000)
    assert read(path).tolist() == [200, 1]


def test_16_bit_mono_comes_out_sample_for_sample_and_block_by_block(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32767, 5000, dtype=np.int16)
    path = tmp_path / "noise.wav"
    soundfile.write(path, samples, 16_000)
    with AudioFile(path) as file:
        blocks = list(file.blocks(1600))
    assert [len(block) for block in blocks] == [1600, 1600, 1600, 200]
    np.testing.assert_array_equal(np.concatenate(blocks), samples)


def test_a_recording_whose_header_was_never_completed_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "piped.wav"
    soundfile.write(path, np.ones(800, np.int16), 16_000)
    data = path.read_bytes()
    size_at = data.index(b"data") + 4
    path.write_bytes(data[:4] + b"\xff" * 4 + data[8:size_at] + b"\xff" * 4 + data[size_at + 4 :])
    assert len(read(path)) == 800


def bad_message(path: Path) -> str:
    with pytest.raises(VoicechatError) as caught:
        read(path)
    assert caught.value.code is ErrorCode.BAD_AUDIO_FILE
    assert caught.value.advice
    return caught.value.message


def test_a_missing_file(tmp_path: Path) -> None:
    assert "There is no file" in bad_message(tmp_path / "nothing.wav")


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory" in bad_message(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert "0 bytes" in bad_message(tmp_path / "empty.wav")


def test_a_file_without_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(0, np.int16), 16_000)
    assert "without any sound" in bad_message(tmp_path / "silent.wav")


def test_a_file_that_is_no_audio(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("to do: buy a microphone\n" * 20)
    assert "not an audio file" in bad_message(tmp_path / "notes.wav")


def test_a_raw_file_is_sent_to_standard_input(tmp_path: Path) -> None:
    (tmp_path / "take.raw").write_bytes(bytes(3200))
    with pytest.raises(VoicechatError, match="replay - --rate") as caught:
        AudioFile(tmp_path / "take.raw")
    assert caught.value.code is ErrorCode.BAD_AUDIO_FILE


def test_a_device_is_no_regular_file() -> None:
    assert "not a regular file" in bad_message(Path("/dev/null"))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.wav"
    path.write_bytes(b"RIFF")

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in bad_message(path)


def test_a_file_that_is_damaged_further_in_says_where(tmp_path: Path) -> None:
    path = tmp_path / "damaged.flac"
    soundfile.write(path, np.random.default_rng(3).normal(0, 0.2, 32_000), 16_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 600] = b"x" * 600
    path.write_bytes(data)
    heard: list[Samples] = []
    with AudioFile(path) as file, pytest.raises(VoicechatError, match=r"damaged 0\.\d s after its beginning"):
        heard.extend(file.blocks(1600))
    assert 0 < sum(map(len, heard)) < 32_000
