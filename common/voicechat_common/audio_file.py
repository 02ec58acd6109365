"""Reading audio files of any rate and channel count, block by block, as mono 16-bit samples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

from voicechat_common.audio import Samples, to_int16
from voicechat_common.errors import ErrorCode, VoicechatError

_RAW_SUFFIXES = (".raw", ".pcm", ".s16", ".s16le")


class _SequentialFile(soundfile.SoundFile):
    """A file that is only read forward from its current position.

    soundfile seeks to the current position after each block it reads. With Ogg that is slow, and an MP3
    decoder loses the bits that a frame borrows from earlier ones, so it yields silence or an error.
    """

    def seekable(self) -> bool:
        return False


class AudioFile:
    """An open WAV, FLAC, Ogg or MP3 file, or whatever else libsndfile reads. A context manager.

    All channels are mixed down to one by averaging. 16-bit mono files come out sample for sample. At most
    one block is in memory.

    Args:
        path: The file.

    Attributes:
        path: The file.
        sample_rate: Its samples per second.
        frames: Its length in samples per channel, as the header states it.

    Raises:
        VoicechatError: `bad_audio_file` if it is missing, not a regular file, unreadable, empty or not
            audio.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_regular_file(path)
        try:
            self._file = _SequentialFile(path)
        except soundfile.LibsndfileError as error:
            raise _bad(
                f"{path} is not an audio file that can be read: {_reason(error)}",
                "WAV, FLAC, OGG and MP3 work; convert anything else, such as with "
                f"`ffmpeg -i {path.name} {_converted_name(path)}`.",
            ) from error
        self.sample_rate: int = self._file.samplerate
        self.frames: int = self._file.frames
        if self.frames <= 0:
            self.close()
            raise _bad(
                f"{path} is an audio file without any sound in it.", "Record it again, or choose another."
            )

    @property
    def duration_s(self) -> float:
        """The length in seconds, as the header states it."""
        return self.frames / self.sample_rate

    def blocks(self, block_samples: int) -> Iterator[Samples]:
        """Yield the samples not read yet, in blocks; the last one may be shorter.

        Args:
            block_samples: Samples per block, at least 1.

        Raises:
            VoicechatError: `bad_audio_file` if the file turns out to be damaged further in.
        """
        position = 0
        while True:
            try:
                wave = self._file.read(block_samples, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise _bad(
                    f"{self.path} is damaged {position / self.sample_rate:.1f} s after its beginning: "
                    f"{_reason(error)}",
                    "What came before was used; repair the file or record it again.",
                ) from error
            if not len(wave):
                return
            position += len(wave)
            yield to_int16(np.mean(wave, axis=1, dtype=np.float32))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def _converted_name(path: Path) -> str:
    """Return a name for the same audio as WAV, different from the file's own name."""
    return f"{path.stem}-converted.wav" if path.suffix.lower() == ".wav" else f"{path.stem}.wav"


def _reason(error: soundfile.LibsndfileError) -> str:
    """Return libsndfile's message without the word "Error" that precedes some of them."""
    return str(error.error_string).removeprefix("Error : ")


def _bad(message: str, advice: str) -> VoicechatError:
    return VoicechatError(ErrorCode.BAD_AUDIO_FILE, message, advice)


def _check_regular_file(path: Path) -> None:
    """Refuse files for which libsndfile would give a cryptic error or wait forever."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise _bad(f"{path} is a directory.", "Name the audio files in it.")
        if not path.is_file():
            raise _bad(f"{path} is not a regular file.", "Pipe raw PCM into `-` instead.")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise _bad(f"There is no file {path}.", "Check the spelling and the directory.") from error
    except OSError as error:
        raise _bad(f"{path} can't be read: {error.strerror}.", "Check its permissions.") from error
    if size == 0:
        raise _bad(f"{path} is empty (0 bytes).", "Record it again, or choose another file.")
    if path.suffix.lower() in _RAW_SUFFIXES:
        raise _bad(
            f"{path} looks like raw PCM, which says nothing of its sample rate.",
            f"Pipe it in and state the rate: `voicechat-tui replay - --rate 16000 < {path.name}`.",
        )
