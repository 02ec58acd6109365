"""One speaker's recognition on scripted speech, without a model."""

import pickle
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeGuard

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.engine_config import endpoint_config
from tests.support.spoken import SYLLABLE, Recogniser, character, characters, probabilities, silence, speech
from voicechat_common.protocol.speech import ChunkSize, Final, Partial, SegmentEvent
from voicechat_server.asr.config import FRAME_SAMPLES, SAMPLE_RATE, EndpointConfig
from voicechat_server.asr.recognition import session as session_module
from voicechat_server.asr.recognition.session import SpeechSession
from voicechat_server.asr.vad.endpoint import Endpointer
from voicechat_server.asr.vad.state import WINDOW_SAMPLES

CHUNK_SIZE: ChunkSize = (0, 10, 5)
PAUSE = silence(1600)


def session_of(config: EndpointConfig | None, chunk_size: ChunkSize = CHUNK_SIZE) -> SpeechSession:
    return SpeechSession(chunk_size, None if config is None else Endpointer(config, WINDOW_SAMPLES))


def texts(events: Iterable[SegmentEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Final)]


def recognise(session: SpeechSession, *audio: NDArray[np.float32]) -> list[SegmentEvent]:
    """Feed each piece, work after each, then stop."""
    recogniser = Recogniser(session)
    events = []
    for piece in audio:
        session.feed(piece)
        events += recogniser.run()
    session.stop()
    return events + recogniser.run()


def begun_anew(begin: int, last_end: int, segments: int) -> SpeechSession:
    endpointer = Endpointer(endpoint_config(), WINDOW_SAMPLES, begin, last_end)
    return SpeechSession(CHUNK_SIZE, endpointer, begin=begin, last_end=last_end, segments=segments)


@given(moment=st.floats(0, 1), length=st.integers(1, 60))
@settings(deadline=None, max_examples=30)
def test_a_session_begun_anew_gives_what_was_not_told_before(moment: float, length: int) -> None:
    audio = np.concatenate(
        [silence(3000), speech(range(8)), PAUSE, speech(range(8, 8 + length)), PAUSE, silence(4000)]
    )
    undisturbed = [event for event in recognise(session_of(endpoint_config()), audio) if is_final(event)]
    lost = session_of(endpoint_config())
    recogniser = Recogniser(lost)
    lost.feed(audio[: int(len(audio) * moment)])
    told = [event for event in recogniser.run() if is_final(event)]
    last_end = told[-1].end_ms * 16 if told else 0
    begin = lost.needed_from
    assert begin % WINDOW_SAMPLES == 0
    assert begin >= last_end - WINDOW_SAMPLES
    rest = recognise(begun_anew(begin, last_end, len(told)), audio[begin:])
    again = [event.model_copy(update={"revision": 0}) for event in [*told, *rest] if is_final(event)]
    assert again == [event.model_copy(update={"revision": 0}) for event in undisturbed]


def test_long_silence_is_not_needed_any_more() -> None:
    session = session_of(endpoint_config())
    session.feed(silence(60_000))
    Recogniser(session).run()
    assert 57 * 16_000 < session.needed_from < 60 * 16_000


@pytest.mark.parametrize("packet", [1000, 16_000, 2_000_000])
def test_without_endpointing_a_segment_is_cut_at_a_quiet_place_when_it_grows_too_long(packet: int) -> None:
    audio = speech(range(400))
    session = SpeechSession(CHUNK_SIZE, None, longest=30 * SAMPLE_RATE)
    events = recognise(session, *(audio[at : at + packet] for at in range(0, len(audio), packet)))
    finals = [event for event in events if is_final(event)]
    assert "".join(texts(events)) == characters(range(400))
    assert len(finals) >= len(audio) / SAMPLE_RATE / 30
    assert all(25_000 <= final.end_ms - final.start_ms <= 30_000 for final in finals[:-1])
    assert all(one.end_ms == other.start_ms for one, other in pairwise(finals))


@pytest.mark.parametrize("config", [None, endpoint_config(max_segment_s=300)])
def test_a_segment_fits_into_a_message_however_long_it_may_last(
    config: EndpointConfig | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "MAX_SEGMENT_CHARACTERS", 40)
    events = recognise(session_of(config), speech(range(130)), PAUSE)
    assert "".join(texts(events)) == characters(range(130))
    assert len(texts(events)) >= 3
    assert max(map(len, texts(events))) < 40 + 10


def is_final(event: SegmentEvent) -> TypeGuard[Final]:
    return isinstance(event, Final)


@pytest.fixture
def session() -> SpeechSession:
    return session_of(endpoint_config())


@pytest.fixture
def whole() -> SpeechSession:
    """A session without endpointing."""
    return session_of(None)


def test_partials_grow_to_the_final(whole: SpeechSession) -> None:
    *partials, final = recognise(whole, speech(range(12)))
    assert len(partials) >= 3
    assert isinstance(final, Final)
    for earlier, later in zip(partials, [*partials[1:], final], strict=True):
        assert later.text.startswith(earlier.text)
        assert (later.segment, later.revision) == (0, earlier.revision + 1)
        assert later.end_ms >= earlier.end_ms
    assert final.text == characters(range(12))
    assert [word.text for word in final.words] == [character(number) for number in range(12)]
    assert (final.start_ms, final.end_ms) == (0, 12 * SYLLABLE // 16)


def test_silence_parts_segments_that_are_numbered_from_zero(session: SpeechSession) -> None:
    events = recognise(session, PAUSE, speech(range(5)), PAUSE, speech(range(5, 8)), PAUSE)
    assert texts(events) == [characters(range(5)), characters(range(5, 8))]
    assert [event.segment for event in events if isinstance(event, Final)] == [0, 1]
    assert session.segments_done == 2
    assert [event.segment for event in events] == sorted(event.segment for event in events)


def test_a_segment_is_told_before_the_stream_ends(session: SpeechSession) -> None:
    recogniser = Recogniser(session)
    session.feed(np.concatenate((speech(range(5)), PAUSE)))
    assert texts(recogniser.run()) == [characters(range(5))]
    assert not session.is_done


@pytest.mark.parametrize("missing", [0, 1])
def test_a_chunk_is_due_with_its_last_sample(session: SpeechSession, missing: int) -> None:
    recogniser = Recogniser(session)
    chunks = 2 * CHUNK_SIZE[1] * FRAME_SAMPLES
    assert chunks % WINDOW_SAMPLES, "the chunk has to end within a window"
    session.feed(speech(range(12))[: chunks - missing])
    events = recogniser.run()
    assert [event.end_ms for event in events] == [600, 1200][: 2 - missing]


def test_patience_waits_for_windows_that_are_worth_it(session: SpeechSession) -> None:
    session.feed(np.zeros(5 * WINDOW_SAMPLES, np.float32))
    assert len(session.windows(patient=True)) == 0
    assert len(session.windows()) == 5 * WINDOW_SAMPLES
    session.feed(np.zeros(WINDOW_SAMPLES, np.float32))
    assert len(session.windows(patient=True)) == 6 * WINDOW_SAMPLES


@pytest.mark.parametrize("patient", [False, True])
def test_patience_delays_no_chunk_of_speech(session: SpeechSession, patient: bool) -> None:
    audio = speech(range(20))
    recogniser = Recogniser(session, patient)
    told = []
    for begin in range(0, len(audio), 1600):
        session.feed(audio[begin : begin + 1600])
        recogniser.run()
        told.append(recogniser.decoded_samples)
    assert told == [(begin + 1600) // 9600 * 9600 for begin in range(0, len(audio), 1600)]


@pytest.mark.parametrize("end", [SpeechSession.flush, SpeechSession.stop])
def test_patience_ends_with_a_flush_or_the_end(
    session: SpeechSession, end: Callable[[SpeechSession], None]
) -> None:
    recogniser = Recogniser(session, patient=True)
    session.feed(speech(range(1)))
    assert recogniser.run() == []
    end(session)
    assert texts(recogniser.run()) == [character(0)]


def test_a_partial_that_changes_nothing_is_not_told(whole: SpeechSession) -> None:
    events = recognise(whole, speech([1]), silence(6000))
    assert [type(event) for event in events] == [Partial, Final]


def test_a_segment_without_text_is_not_told_and_uses_no_number(session: SpeechSession) -> None:
    noise = np.full(20 * WINDOW_SAMPLES, 0.1, np.float32)
    events = recognise(session, noise, PAUSE, speech([1, 2, 3]), PAUSE, noise)
    assert texts(events) == [characters([1, 2, 3])]
    assert {event.segment for event in events} == {0}
    assert session.segments_done == 1


def test_silence_costs_no_recogniser_time(session: SpeechSession) -> None:
    recogniser = Recogniser(session)
    session.feed(silence(60_000))
    session.stop()
    assert recogniser.run() == []
    assert recogniser.decoded_samples == 0
    assert session.is_done
    assert session.silence == 60_000 * 16


def test_what_belongs_to_no_segment_is_silence(session: SpeechSession) -> None:
    audio = np.concatenate((PAUSE, speech(range(9)), PAUSE))
    (final,) = (event for event in recognise(session, audio) if isinstance(event, Final))
    spoken_ms = final.end_ms - final.start_ms
    assert session.silence // 16 == pytest.approx(len(audio) // 16 - spoken_ms, abs=1)


def test_without_endpointing_silence_belongs_to_the_segment(whole: SpeechSession) -> None:
    events = recognise(whole, PAUSE, speech(range(5)), PAUSE, speech(range(5, 8)), PAUSE)
    assert texts(events) == [characters(range(8))]
    assert whole.silence == 0


def test_everything_fed_is_dealt_with_in_the_end(session: SpeechSession) -> None:
    audio = np.concatenate((speech(range(20)), PAUSE, speech(range(3)), silence(333)))
    recogniser = Recogniser(session)
    session.feed(audio)
    assert session.undecoded == len(audio)
    recogniser.run()
    assert 0 < session.undecoded < 10 * FRAME_SAMPLES
    session.stop()
    recogniser.run()
    assert session.undecoded == 0
    assert session.is_done


def test_stop_without_audio_ends_at_once(session: SpeechSession) -> None:
    session.stop()
    assert Recogniser(session).run() == []
    assert session.is_done


@pytest.mark.parametrize("config", [None, endpoint_config()])
def test_flush_ends_the_open_segment_and_keeps_the_stream(config: EndpointConfig | None) -> None:
    session = session_of(config)
    recogniser = Recogniser(session)
    session.feed(speech(range(5)))
    session.flush()
    session.feed(speech(range(5, 9)))
    assert texts(recogniser.run()) == [characters(range(5))]
    assert session.flushes_done == 1
    session.stop()
    assert texts(recogniser.run()) == [characters(range(5, 9))]
    assert session.is_done


@pytest.mark.parametrize("config", [None, endpoint_config()])
def test_flush_without_an_open_segment_is_done_at_once(config: EndpointConfig | None) -> None:
    session = session_of(config)
    session.flush()
    session.flush()
    assert Recogniser(session).run() == []
    assert session.flushes_done == 2


def test_flush_in_the_silence_ends_nothing_and_loses_nothing(session: SpeechSession) -> None:
    recogniser = Recogniser(session)
    session.feed(silence(500))
    session.flush()
    session.feed(speech(range(5)))
    session.stop()
    assert texts(recogniser.run()) == [characters(range(5))]
    assert session.flushes_done == 1


def test_flushes_wait_for_the_final_of_the_segment_before_them(session: SpeechSession) -> None:
    session.feed(np.concatenate((speech(range(5)), PAUSE)))
    session.flush()
    session.flush()
    windows = session.windows()
    session.judge(windows, probabilities(windows))
    assert session.flushes_done == 0
    assert texts(Recogniser(session).run()) == [characters(range(5))]
    assert session.flushes_done == 2


@pytest.mark.parametrize("length", [1, 959, 960, 9599, 9600, 9601, 19_200])
def test_the_last_chunk_is_final_whatever_is_left_for_it(whole: SpeechSession, length: int) -> None:
    audio = np.full(length, 0.1, np.float32)
    audio[-1] = 1.0
    assert texts(recognise(whole, audio)) == [character(0)]


def test_a_cut_hands_the_tail_to_the_next_segment() -> None:
    session = session_of(endpoint_config(max_segment_s=4.0))
    events = recognise(session, speech(range(60)))
    finals = [event for event in events if isinstance(event, Final)]
    assert len(finals) > 3
    assert "".join(texts(events)) == characters(range(60))
    assert all(final.end_ms - final.start_ms <= 4032 for final in finals)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(finals))
    assert session.silence == 0


def seconds_kept(session: SpeechSession) -> float:
    """All that a session remembers, as seconds of audio of the same size."""
    return len(pickle.dumps(session)) / (16_000 * np.dtype(np.float32).itemsize)


def test_an_hour_of_silence_takes_the_memory_of_a_second(session: SpeechSession) -> None:
    recogniser = Recogniser(session)
    for _ in range(360):
        session.feed(silence(10_000))
        assert recogniser.run() == []
    assert seconds_kept(session) < 1


def test_an_hour_of_speech_takes_the_memory_of_seconds(session: SpeechSession) -> None:
    recogniser = Recogniser(session)
    finals = 0
    for _ in range(360):
        session.feed(speech([7] * (160_000 // SYLLABLE)))
        finals += len(texts(recogniser.run()))
        assert seconds_kept(session) < 8
    assert finals >= 3600 // 30 - 1


SPEECH = st.integers(1, 12).map(lambda count: ("speech", count))
SILENCE = st.integers(1, 2500).map(lambda milliseconds: ("silence", milliseconds))
FLUSH = st.just(("flush", 0))
SCRIPTS = st.lists(SPEECH | SILENCE | FLUSH, max_size=10)
CONFIGS = st.none() | st.builds(
    EndpointConfig,
    max_end_silence_ms=st.integers(100, 1000),
    pre_roll_ms=st.integers(0, 500),
    max_segment_s=st.sampled_from([2.0, 4.0, 30.0]),
)


@settings(max_examples=150)
@given(
    config=CONFIGS,
    chunk_size=st.sampled_from([(0, 10, 5), (0, 8, 4), (5, 10, 5), (0, 3, 1)]),
    script=SCRIPTS,
    packet=st.integers(1000, 60_000),
    patient=st.booleans(),
)
def test_every_character_is_told_once_and_in_order(
    config: EndpointConfig | None,
    chunk_size: ChunkSize,
    script: list[tuple[str, int]],
    packet: int,
    patient: bool,
) -> None:
    session = session_of(config, chunk_size)
    recogniser = Recogniser(session, patient)
    events: list[SegmentEvent] = []
    spoken = fed = flushes = 0
    for kind, amount in script:
        if kind == "flush":
            session.flush()
            flushes += 1
            continue
        audio = silence(amount) if kind == "silence" else speech(range(spoken, spoken + amount))
        spoken += amount if kind == "speech" else 0
        fed += len(audio)
        for start in range(0, len(audio), packet):
            session.feed(audio[start : start + packet])
            events += recogniser.run()
    session.stop()
    events += recogniser.run()

    finals = [event for event in events if isinstance(event, Final)]
    assert "".join(final.text for final in finals) == characters(range(spoken))
    assert [final.segment for final in finals] == list(range(len(finals)))
    assert session.segments_done == len(finals)
    for one, other in pairwise(events):
        assert (one.segment, one.revision) < (other.segment, other.revision)
        assert one.segment == other.segment or isinstance(one, Final)
    assert all(one.end_ms <= other.start_ms for one, other in pairwise(finals))
    assert all(
        final.start_ms <= word.start_ms <= word.end_ms <= final.end_ms
        for final in finals
        for word in final.words
    )
    assert session.is_done
    assert session.undecoded == 0
    assert session.flushes_done == flushes
    assert 0 <= session.silence <= fed
