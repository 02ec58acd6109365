"""Voice activity to segment boundaries: a pure state machine over windows of audio."""

from collections import deque
from dataclasses import InitVar, dataclass, field

from voicechat_server.asr.config import SAMPLE_RATE, EndpointConfig

_SPEECH = 0.5
"""Probability from which a window is speech."""

_SILENCE = 0.35
"""Probability below which a window is silence; in between, nothing changes, as in silero-vad."""

_TRAILING_MS = 200
"""Silence after speech that is decoded; the rest waits for speech to come back, or is skipped.

Twice as much as FunASR gets from its own voice activity detector (`lookahead_time_end_point` of fsmn-vad).
"""

CUT_SEARCH_S = 5.0
"""How far back from the end of the longest segment its quietest point is searched."""


@dataclass(frozen=True)
class Begin:
    """A segment begins at `sample`."""

    sample: int


@dataclass(frozen=True)
class Speech:
    """The open segment's audio is wanted up to `end`."""

    end: int


@dataclass(frozen=True)
class End:
    """The open segment ends; its audio is wanted up to `sample`."""

    sample: int


@dataclass(frozen=True)
class Cut:
    """The open segment grew too long: what was spoken from `sample` on belongs to a new segment."""

    sample: int


Boundary = Begin | Speech | End | Cut


@dataclass
class Endpointer:
    """Decides where segments begin and end. All positions are samples since the stream began.

    Args:
        config: How speech is cut into segments.
        window: Samples of one window.
        position: Where the first window begins.
        last_end: Where the segment before ended; no other begins before that.
    """

    config: EndpointConfig
    window: int
    position: InitVar[int] = 0
    last_end: InitVar[int] = 0
    _position: int = field(init=False)
    _last_end: int = field(init=False)
    _begin: int | None = None
    _silent_since: int | None = None
    _levels: deque[tuple[int, float]] = field(default_factory=deque)

    def __post_init__(self, position: int, last_end: int) -> None:
        self._position = position
        self._last_end = last_end

    @property
    def in_segment(self) -> bool:
        """Whether a segment is open."""
        return self._begin is not None

    @property
    def keep_from(self) -> int:
        """Audio before this position will not be asked for again."""
        if self._begin is None:
            return max(self._last_end, self._position - _samples(self.config.pre_roll_ms))
        oldest_cut = self._levels[0][0] if self._levels else self._position
        return oldest_cut if self._silent_since is None else min(oldest_cut, self._silent_since)

    def push(self, probability: float, level: float) -> list[Boundary]:
        """Take the next window.

        Args:
            probability: Of speech, in [0, 1].
            level: Loudness, on any scale that grows with it.
        """
        start, end = self._position, self._position + self.window
        self._position = end
        if self._begin is None:
            if probability < _SPEECH:
                return []
            self._begin = max(self._last_end, start - _samples(self.config.pre_roll_ms), 0)
            self._remember(start, level)
            return [Begin(self._begin), Speech(end)]
        self._remember(start, level)
        if probability >= _SPEECH:
            self._silent_since = None
        elif probability < _SILENCE and self._silent_since is None:
            self._silent_since = start
        if self._silent_since is None:
            return [Speech(end), *self._cut_if_long(end)]
        wanted = min(end, self._silent_since + _samples(_TRAILING_MS))
        if end - self._silent_since >= _samples(self.config.max_end_silence_ms):
            return [self._close(wanted)]
        return [Speech(wanted), *self._cut_if_long(end)]

    def finish(self, end: int) -> list[Boundary]:
        """End the open segment now, at `end`, the last sample there is."""
        if self._begin is None:
            return []
        if self._silent_since is not None:
            end = min(end, self._silent_since + _samples(_TRAILING_MS))
        return [self._close(end)]

    def wanted_now(self, end: int) -> int:
        """Return up to where the open segment's audio is wanted, whatever the next window turns out to be.

        Silence is decoded for a while before it ends a segment, so nothing has to wait for its window.

        Args:
            end: The last sample there is.
        """
        return self.wanted_if_alike(min(end, self._position + self.window))

    def wanted_if_alike(self, end: int) -> int:
        """Return up to where the open segment's audio is wanted if speech or silence goes on up to `end`."""
        return end if self._silent_since is None else min(end, self._silent_since + _samples(_TRAILING_MS))

    def skip_to(self, position: int) -> None:
        """Go on at `position`: everything before it has been dealt with."""
        self._position = position

    def _remember(self, start: int, level: float) -> None:
        self._levels.append((start, level))
        while self._levels and self._levels[0][0] < start - CUT_SEARCH_S * SAMPLE_RATE:
            self._levels.popleft()

    def _cut_if_long(self, end: int) -> list[Boundary]:
        limit = self.config.max_segment_s * SAMPLE_RATE
        if self._begin is None or end - self._begin < limit:
            return []
        # The nearer half of the segment at most, so that what is left is not cut again at once.
        earliest = max(self._begin + limit / 2, end - CUT_SEARCH_S * SAMPLE_RATE)
        candidates = [(level, -start) for start, level in self._levels if start >= earliest]
        _, negative_start = min(candidates)
        return [self.cut_at(-negative_start + self.window // 2)]

    def cut_at(self, cut: int) -> Cut:
        """Cut the open segment at a sample."""
        self._begin = self._last_end = cut
        if self._silent_since is not None:
            self._silent_since = max(self._silent_since, cut)
        self._levels = deque((start, level) for start, level in self._levels if start >= cut)
        return Cut(cut)

    def _close(self, sample: int) -> End:
        self._begin = self._silent_since = None
        self._last_end = sample
        self._levels.clear()
        return End(sample)


def _samples(milliseconds: float) -> int:
    return int(milliseconds * SAMPLE_RATE / 1000)
