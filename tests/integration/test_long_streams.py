"""An hour of one stream, as fast as the machine can: nothing is lost, and nothing grows."""

from collections.abc import Iterator
from itertools import cycle

import numpy as np
import psutil
import pytest

from tests.support.demo import demo_model
from tests.support.engine_config import endpoint_config
from tests.support.samples import SAMPLE_RATE, as_float, audio, pcm, transcripts
from voicechat_common.audio import bytes_of
from voicechat_common.protocol.speech import Final
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.state import Chunk
from voicechat_server.asr.paraformer.stepper import ParaformerStepper
from voicechat_server.asr.recognition.lane import Lane, Report
from voicechat_server.asr.recognition.session import SpeechSession
from voicechat_server.asr.vad.endpoint import Endpointer
from voicechat_server.asr.vad.silero import VoiceActivityDetector
from voicechat_server.asr.vad.state import WINDOW_SAMPLES, VadState

pytestmark = pytest.mark.usefixtures("unmeasured")

HOUR = 3600
LONG_CHUNK = (0, 120, 5)
"""7.2 s, so that an hour is five hundred steps."""

SECONDS = 2
"""Of audio in one packet."""

BOUND = 30_000_000
"""Bytes: an hour of audio would take four times as many."""


class Listener:
    """One stream, stepped on the thread of the test."""

    def __init__(self) -> None:
        self.stepper = ParaformerStepper(Network(demo_model()), encoder_look_back=4, decoder_look_back=1)
        self.detector = VoiceActivityDetector()
        self.session = SpeechSession(LONG_CHUNK, Endpointer(endpoint_config(), WINDOW_SAMPLES))
        self.lane = Lane("stream", self.session, SAMPLE_RATE, self._take)
        self.finals: list[Final] = []
        self.silence = 0
        self.taken = 0

    def hear(self, packets: Iterator[bytes], seconds: int) -> None:
        """Take so much audio."""
        for _ in range(seconds // SECONDS):
            self.lane.take(next(packets))
            self._work()

    def end(self) -> None:
        self.lane.stop()
        self._work()
        assert self.lane.is_at_end

    def _work(self) -> None:
        while questions := self.lane.questions():
            found = self.detector.probabilities([(each.windows, each.state) for each in questions])
            for question, probabilities in zip(questions, found, strict=True):
                question.answer(probabilities)
            self._decode()
        self._decode()
        self.lane.report()

    def _decode(self) -> None:
        while self.lane.is_due:
            due = self.lane.next_chunk()
            if due.segment.state is None:
                due.segment.state = self.stepper.open(LONG_CHUNK)
            (tokens,) = self.stepper.step([Chunk(due.segment.state, due.samples, due.is_final)])
            self.lane.accept(due, tokens)

    def _take(self, report: Report) -> None:
        self.finals += [event for event in report.events if isinstance(event, Final)]
        self.silence, self.taken = report.silence, report.taken


def growth(listener: Listener, packets: Iterator[bytes]) -> int:
    """Hear an hour; return by how many bytes the process grew in its last fifty minutes."""
    process = psutil.Process()
    listener.hear(packets, HOUR // 6)
    before = process.memory_info().rss
    listener.hear(packets, HOUR - HOUR // 6)
    return process.memory_info().rss - before


def without_pauses() -> Iterator[bytes]:
    """Speech of which the parts that aren't are cut out, without end."""
    samples = audio("talk")
    windows = samples[: len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES]
    (probabilities,) = VoiceActivityDetector().probabilities([(as_float(bytes_of(windows)), VadState())])
    spoken = probabilities > 0.5
    speech = np.tile(windows.reshape(-1, WINDOW_SAMPLES)[spoken.ravel()].ravel(), 4)
    count = len(speech) // (SECONDS * SAMPLE_RATE)
    return cycle([bytes_of(part) for part in np.split(speech[: count * SECONDS * SAMPLE_RATE], count)])


def test_speech_is_recognised_after_an_hour_of_silence() -> None:
    listener = Listener()
    assert growth(listener, cycle([bytes(SECONDS * SAMPLE_RATE * 2)])) < BOUND
    assert listener.silence == listener.taken == HOUR * SAMPLE_RATE
    assert listener.finals == []
    listener.hear(iter([pcm("weather")]), SECONDS)
    listener.end()
    assert [final.text for final in listener.finals] == [transcripts()["weather"]]


def test_an_hour_of_speech_without_a_pause_is_cut_and_told_piece_by_piece() -> None:
    listener = Listener()
    assert growth(listener, without_pauses()) < BOUND
    listener.end()
    assert listener.taken == HOUR * SAMPLE_RATE
    lengths = [final.end_ms - final.start_ms for final in listener.finals]
    assert max(lengths) <= 30_100
    assert sum(lengths) > HOUR * 1000 * 0.95
    assert all(final.text for final in listener.finals)
    assert [final.segment for final in listener.finals] == list(range(len(listener.finals)))


def test_an_hour_of_full_scale_noise() -> None:
    noise = np.random.default_rng(5).choice([-32_768, 32_767], SECONDS * SAMPLE_RATE).astype("<i2").tobytes()
    listener = Listener()
    assert growth(listener, cycle([noise])) < BOUND
    listener.end()
    assert listener.taken == HOUR * SAMPLE_RATE
