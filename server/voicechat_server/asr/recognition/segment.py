"""One segment of a stream, from audio to text."""

from dataclasses import dataclass, field
from itertools import pairwise

from voicechat_common.protocol.speech import Final, Partial, Word
from voicechat_server.asr.config import FRAME_SAMPLES, SAMPLE_RATE
from voicechat_server.asr.paraformer.state import SegmentState, Token
from voicechat_server.asr.recognition.text import GrowingText, TimedToken, words_of

_REACH_MS = 200
"""A token lasts half way to its neighbours, but no further than this from its middle."""


def milliseconds(samples: int) -> int:
    """Return a position or length at 16 kHz in whole milliseconds."""
    return samples * 1000 // SAMPLE_RATE


@dataclass(eq=False)
class Segment:
    """What is known of a segment, equal only to itself. Positions are samples since the stream began.

    Attributes:
        begin: Its first sample.
        wanted: Its audio is to be decoded up to here, as far as is known now.
        decoded: Its audio has been given to the recogniser up to here.
        closed: Whether `wanted` is its end.
        limit: What was spoken from here on belongs to the next segment; None for no limit.
        state: The recogniser's state, once decoding has begun.
    """

    begin: int
    wanted: int
    decoded: int
    closed: bool = False
    limit: int | None = None
    state: SegmentState | None = None
    _tokens: list[tuple[str, int]] = field(default_factory=list)
    _growing: GrowingText = field(default_factory=GrowingText)
    _revision: int = 0
    _text: str = ""

    @property
    def end(self) -> int:
        """Where it ends in the stream, as far as is known now."""
        return self.wanted if self.limit is None else self.limit

    def add(self, tokens: list[Token]) -> bool:
        """Take tokens of the newest chunk; return whether the text changed."""
        middles = [self.begin + token.frame * FRAME_SAMPLES + FRAME_SAMPLES // 2 for token in tokens]
        new = [
            (token.text, middle)
            for token, middle in zip(tokens, middles, strict=True)
            if self.limit is None or middle < self.limit
        ]
        self._tokens += new
        self._growing.add(text for text, _ in new)
        return self._renew()

    def limit_to(self, limit: int) -> bool:
        """Give what was spoken from `limit` on to the next segment; return whether the text changed."""
        self.limit = limit
        self._tokens = [(text, middle) for text, middle in self._tokens if middle < limit]
        self._growing = GrowingText()
        self._growing.add(text for text, _ in self._tokens)
        return self._renew()

    @property
    def characters(self) -> int:
        """How long its text is."""
        return len(self._text)

    @property
    def has_final(self) -> bool:
        """Whether it gets a final: it has text, or has had some in a partial."""
        return bool(self._text) or self._revision > 0

    def partial(self, index: int) -> Partial:
        """Return its text so far as the next revision."""
        self._revision += 1
        begin, end = milliseconds(self.begin), milliseconds(min(self.decoded, self.end))
        return Partial(
            segment=index, revision=self._revision, text=self._text, start_ms=begin, end_ms=max(begin, end)
        )

    def final(self, index: int) -> Final:
        """Return its text for the last time."""
        self._revision += 1
        return Final(
            segment=index,
            revision=self._revision,
            text=self._text,
            start_ms=milliseconds(self.begin),
            end_ms=milliseconds(self.end),
            words=[Word(word.text, word.start_ms, word.end_ms) for word in words_of(self._timed_tokens())],
        )

    def _timed_tokens(self) -> list[TimedToken]:
        begin, end = milliseconds(self.begin), milliseconds(self.end)
        middles = [min(milliseconds(middle), end) for _, middle in self._tokens]
        borders = [begin, *((one + other) // 2 for one, other in pairwise(middles)), end]
        return [
            TimedToken(
                text,
                max(borders[index], middles[index] - _REACH_MS),
                min(borders[index + 1], middles[index] + _REACH_MS),
            )
            for index, (text, _) in enumerate(self._tokens)
        ]

    def _renew(self) -> bool:
        text = str(self._growing)
        changed = text != self._text
        self._text = text
        return changed
