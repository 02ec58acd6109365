"""Where segments begin and end, from scripted probabilities of speech."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.engine_config import endpoint_config
from voicechat_server.asr.config import SAMPLE_RATE, EndpointConfig
from voicechat_server.asr.vad.endpoint import Begin, Boundary, Cut, End, Endpointer, Speech

WINDOW = 512
WINDOW_MS = 32
TRAILING_MS = 200
SPEECH, UNSURE, SILENCE = 0.9, 0.4, 0.1


def samples(milliseconds: float) -> int:
    return int(milliseconds * SAMPLE_RATE / 1000)


@dataclass
class Segments:
    """The boundaries of a stream put together, with what must hold of each checked as it comes."""

    position: int = 0
    begin: int | None = None
    wanted: int = 0
    done: list[tuple[int, int]] = field(default_factory=list)

    def take(self, boundary: Boundary) -> None:
        match boundary:
            case Begin(sample):
                assert self.begin is None
                assert (self.done[-1][1] if self.done else 0) <= sample <= self.position
                self.begin = self.wanted = sample
            case Speech(end):
                assert self.begin is not None
                assert self.wanted <= end <= self.position
                self.wanted = end
            case End(sample):
                assert self.begin is not None
                assert self.wanted <= sample <= self.position
                self.done.append((self.begin, sample))
                self.begin = None
            case Cut(sample):
                assert self.begin is not None
                assert self.begin < sample <= self.position
                self.done.append((self.begin, sample))
                self.begin, self.wanted = sample, max(self.wanted, sample)


def drive(endpointer: Endpointer, probabilities: Iterable[float], level: float = 1.0) -> list[Boundary]:
    """Push windows of one loudness; return all boundaries."""
    return [boundary for value in probabilities for boundary in endpointer.push(value, level)]


def ends(boundaries: Iterable[Boundary]) -> list[Begin | End | Cut]:
    return [boundary for boundary in boundaries if not isinstance(boundary, Speech)]


@pytest.fixture
def endpointer() -> Endpointer:
    return Endpointer(endpoint_config(), WINDOW)


def test_silence_gives_no_boundary(endpointer: Endpointer) -> None:
    assert drive(endpointer, [SILENCE, UNSURE] * 100) == []
    assert not endpointer.in_segment


def test_a_segment_begins_before_the_first_speech(endpointer: Endpointer) -> None:
    drive(endpointer, [SILENCE] * 20)
    assert drive(endpointer, [SPEECH]) == [Begin(20 * WINDOW - samples(300)), Speech(21 * WINDOW)]
    assert endpointer.in_segment


def test_the_stretch_before_the_first_speech_ends_at_the_begin_of_the_stream(endpointer: Endpointer) -> None:
    assert drive(endpointer, [SILENCE, SPEECH]) == [Begin(0), Speech(2 * WINDOW)]


def test_between_the_thresholds_a_window_is_what_the_last_one_was(endpointer: Endpointer) -> None:
    assert drive(endpointer, [SPEECH] + [UNSURE] * 60)[-1] == Speech(61 * WINDOW)
    drive(endpointer, [SILENCE])
    boundaries = drive(endpointer, [UNSURE] * 60)
    assert ends(boundaries) == [End(61 * WINDOW + samples(TRAILING_MS))]


@pytest.mark.parametrize("silence_ms", [320, 800, 1600])
def test_a_segment_ends_after_so_much_silence(silence_ms: int) -> None:
    endpointer = Endpointer(endpoint_config(max_end_silence_ms=silence_ms), WINDOW)
    drive(endpointer, [SPEECH] * 10)
    windows = silence_ms // WINDOW_MS
    assert ends(drive(endpointer, [SILENCE] * (windows - 1))) == []
    assert drive(endpointer, [SILENCE]) == [End(10 * WINDOW + min(windows * WINDOW, samples(TRAILING_MS)))]
    assert not endpointer.in_segment


def test_the_first_of_the_silence_is_decoded_at_once_and_the_rest_is_not(endpointer: Endpointer) -> None:
    drive(endpointer, [SPEECH] * 10)
    boundaries = drive(endpointer, [SILENCE] * 20)
    wanted = [min((11 + place) * WINDOW, 10 * WINDOW + samples(TRAILING_MS)) for place in range(20)]
    assert boundaries == [Speech(end) for end in wanted]


def test_speech_that_comes_back_takes_the_silence_before_it_along(endpointer: Endpointer) -> None:
    drive(endpointer, [SPEECH] * 10 + [SILENCE] * 20)
    assert endpointer.keep_from <= 10 * WINDOW + samples(TRAILING_MS)
    assert drive(endpointer, [SPEECH]) == [Speech(31 * WINDOW)]
    assert ends(drive(endpointer, [SILENCE] * 24)) == []
    assert ends(drive(endpointer, [SILENCE])) == [End(31 * WINDOW + samples(TRAILING_MS))]


def test_the_next_segment_does_not_begin_before_the_last_one_ended() -> None:
    endpointer = Endpointer(endpoint_config(max_end_silence_ms=320, pre_roll_ms=300), WINDOW)
    (_, end) = ends(drive(endpointer, [SPEECH] * 10 + [SILENCE] * 10))
    assert isinstance(end, End)
    assert drive(endpointer, [SPEECH])[0] == Begin(end.sample)


def test_finish_ends_the_open_segment_at_the_last_sample(endpointer: Endpointer) -> None:
    drive(endpointer, [SPEECH] * 10)
    assert endpointer.finish(10 * WINDOW + 77) == [End(10 * WINDOW + 77)]
    assert endpointer.finish(10 * WINDOW + 77) == []


def test_finish_leaves_out_long_silence(endpointer: Endpointer) -> None:
    drive(endpointer, [SPEECH] * 10 + [SILENCE] * 20)
    assert endpointer.finish(30 * WINDOW) == [End(10 * WINDOW + samples(TRAILING_MS))]


def test_finish_without_a_segment_has_nothing_to_end(endpointer: Endpointer) -> None:
    drive(endpointer, [SILENCE] * 5)
    assert endpointer.finish(5 * WINDOW) == []


def test_after_a_flush_the_next_segment_begins_behind_it(endpointer: Endpointer) -> None:
    drive(endpointer, [SPEECH] * 10)
    end = 10 * WINDOW + 100
    endpointer.finish(end)
    endpointer.skip_to(end)
    assert drive(endpointer, [SPEECH]) == [Begin(end), Speech(end + WINDOW)]


def test_a_long_segment_is_cut_at_its_quietest_place() -> None:
    endpointer = Endpointer(endpoint_config(max_segment_s=10.0), WINDOW)
    windows = -(-10 * SAMPLE_RATE // WINDOW)
    quiet = windows - 60
    boundaries: list[Boundary] = []
    for place in range(windows):
        boundaries += endpointer.push(SPEECH, 0.1 if place == quiet else 1.0)
    assert ends(boundaries) == [Begin(0), Cut(quiet * WINDOW + WINDOW // 2)]
    assert endpointer.in_segment


def test_a_place_in_the_first_half_is_too_early_to_cut() -> None:
    endpointer = Endpointer(endpoint_config(max_segment_s=4.0), WINDOW)
    windows = 4 * SAMPLE_RATE // WINDOW
    boundaries: list[Boundary] = []
    for place in range(windows):
        boundaries += endpointer.push(SPEECH, {10: 0.0, windows - 10: 0.5}.get(place, 1.0))
    assert ends(boundaries) == [Begin(0), Cut((windows - 10) * WINDOW + WINDOW // 2)]


def test_among_equally_quiet_places_the_last_one_is_cut() -> None:
    endpointer = Endpointer(endpoint_config(max_segment_s=4.0), WINDOW)
    windows = 4 * SAMPLE_RATE // WINDOW
    cut = ends(drive(endpointer, [SPEECH] * windows))[-1]
    assert cut == Cut((windows - 1) * WINDOW + WINDOW // 2)


def test_a_cut_in_the_silence_leaves_the_next_segment_its_own_silence() -> None:
    endpointer = Endpointer(endpoint_config(max_segment_s=4.0, max_end_silence_ms=1600), WINDOW)
    windows = 4 * SAMPLE_RATE // WINDOW
    drive(endpointer, [SPEECH] * (windows - 30))
    (cut,) = ends(drive(endpointer, [SILENCE] * 30, level=0.1))
    assert cut == Cut((windows - 1) * WINDOW + WINDOW // 2)
    (end,) = ends(drive(endpointer, [SILENCE] * 60, level=0.1))
    assert end == End(cut.sample + samples(TRAILING_MS))


CONFIGS = st.builds(
    EndpointConfig,
    max_end_silence_ms=st.integers(100, 2000),
    pre_roll_ms=st.integers(0, 600),
    max_segment_s=st.sampled_from([1.0, 2.0, 5.0, 30.0]),
)
STRETCHES = st.lists(
    st.tuples(st.sampled_from([SPEECH, UNSURE, SILENCE, 0.5, 0.35]), st.integers(1, 60), st.floats(0, 1)),
    max_size=12,
)
"""Probability, windows and loudness of stretches of a stream."""


@settings(max_examples=300)
@given(CONFIGS, STRETCHES, st.integers(0, WINDOW - 1))
def test_all_speech_is_in_one_segment_and_none_is_in_two(
    config: EndpointConfig, stretches: list[tuple[float, int, float]], remainder: int
) -> None:
    endpointer, segments = Endpointer(config, WINDOW), Segments()
    spoken: list[int] = []
    kept_from = 0
    for probability, windows, level in stretches:
        for _ in range(windows):
            if probability >= 0.5:
                spoken.append(segments.position)
            segments.position += WINDOW
            for boundary in endpointer.push(probability, level):
                segments.take(boundary)
                if isinstance(boundary, Begin | Cut):
                    assert boundary.sample >= kept_from, "the audio has been forgotten"
            kept_from = min(endpointer.keep_from, segments.wanted if segments.begin is not None else 10**9)
    segments.position += remainder
    for boundary in endpointer.finish(segments.position):
        segments.take(boundary)
    assert segments.begin is None
    assert all(one[1] <= other[0] for one, other in pairwise(segments.done))
    longest = config.max_segment_s * SAMPLE_RATE + WINDOW
    assert all(end - begin <= longest for begin, end in segments.done)
    for start in spoken:
        covered = sum(max(0, min(end, start + WINDOW) - max(begin, start)) for begin, end in segments.done)
        assert covered == WINDOW
