"""Subtitles from recognised segments, in the SubRip format."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len

from voicechat_common.protocol.speech import Word
from voicechat_common.transcript import Segment, join_texts

LONGEST_CELLS = 40
"""Width of a cue: twenty Chinese characters, which fit on one line of a video."""

LONGEST_MS = 7_000
SHORTEST_MS = 800


@dataclass(frozen=True)
class Cue:
    """One subtitle.

    Attributes:
        start_ms: When it appears.
        end_ms: When it disappears.
        text: What it says.
    """

    start_ms: int
    end_ms: int
    text: str


def cues_of(segments: Iterable[Segment]) -> list[Cue]:
    """Return the subtitles for final segments; long ones are split at the speaker's longest pauses.

    No cue is shown too briefly to be read, unless the next one is due.
    """
    cues = [cue for segment in segments if segment.is_final and segment.text for cue in _cues_of(segment)]
    starts = [cue.start_ms for cue in cues[1:]]
    limits = [*starts, cues[-1].start_ms + SHORTEST_MS] if cues else []
    return [
        Cue(cue.start_ms, max(cue.end_ms, min(cue.start_ms + SHORTEST_MS, limit)), cue.text)
        for cue, limit in zip(cues, limits, strict=True)
    ]


def srt(cues: Iterable[Cue]) -> str:
    """Return subtitles as the text of an .srt file."""
    return "".join(
        f"{number}\n{_time(cue.start_ms)} --> {_time(cue.end_ms)}\n{cue.text.replace('-->', '-→')}\n\n"
        for number, cue in enumerate(cues, start=1)
    )


def _cues_of(segment: Segment) -> list[Cue]:
    if not segment.words:
        return [Cue(segment.start_ms, segment.end_ms, segment.text)]
    return [
        Cue(words[0].start_ms, words[-1].end_ms, join_texts(word.text for word in words))
        for words in _split(list(segment.words))
    ]


def _split(words: list[Word]) -> list[list[Word]]:
    """Split words until each part fits on a line and is not shown for too long."""
    text = join_texts(word.text for word in words)
    duration_ms = words[-1].end_ms - words[0].start_ms
    if len(words) == 1 or (cell_len(text) <= LONGEST_CELLS and duration_ms <= LONGEST_MS):
        return [words]
    middle = len(words) / 2
    # Not near the edges, which would leave single words; among equal pauses, the one closest to the middle.
    candidates = range(max(1, len(words) // 4), min(len(words) - 1, len(words) * 3 // 4) + 1)
    at = max(candidates, key=lambda i: (words[i].start_ms - words[i - 1].end_ms, -abs(i - middle)))
    return [*_split(words[:at]), *_split(words[at:])]


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d},{ms:03d}"
