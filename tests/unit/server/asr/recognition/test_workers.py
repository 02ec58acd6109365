"""The threads that recognise: they share all streams, keep each one's order, and end together."""

import queue
from collections.abc import Sequence
from threading import Event

import numpy as np
import pytest

from tests.support.stepping import CHUNK, CHUNK_SIZE, WatchingStepper, new_lane
from tests.support.waiting import WITHIN_S
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import ChunkSize
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.recognition.lane import Lane, Report
from voicechat_server.asr.recognition.scheduler import Command, CommandKind, Tools
from voicechat_server.asr.recognition.workers import Workers

COUNT = 3

Ends = queue.SimpleQueue[VoicechatError | None]


class Crew:
    """Workers with a stepper that watches them."""

    def __init__(self, error: VoicechatError | None = None, threads: int = COUNT) -> None:
        self.ends: Ends = queue.SimpleQueue()
        self.error = error
        self.stepper = WatchingStepper(longest_step_s=0.003)
        self.workers = Workers(threads, self._prepare, self.ends.put, RecognitionObserver())

    def _prepare(self) -> Tools:
        if self.error is not None:
            raise self.error
        return self.stepper.tools(batch_size=4)

    def open(self, reports: list[Report], chunk_size: ChunkSize = CHUNK_SIZE) -> Lane:
        lane = new_lane(reports, chunk_size)
        self.command(CommandKind.OPEN, lane)
        return lane

    def command(self, kind: CommandKind, lane: Lane, data: bytes = b"") -> None:
        self.workers.submit(Command(kind, lane, data))


class Reports(list[Report]):
    """What a lane reports, on whatever thread."""

    def __init__(self) -> None:
        super().__init__()
        self._ended = Event()

    def append(self, report: Report) -> None:
        super().append(report)
        if report.is_done or report.error:
            self._ended.set()

    def wait(self) -> None:
        """Return once the lane has ended."""
        assert self._ended.wait(WITHIN_S)


def wait_until_done(reports: Sequence[Reports]) -> None:
    for each in reports:
        each.wait()


def test_all_audio_of_many_streams_is_stepped_once_and_in_order() -> None:
    crew = Crew()
    crew.workers.start()
    chance = np.random.default_rng(1)
    reports = [Reports() for _ in range(12)]
    lanes = [crew.open(each) for each in reports]
    audio = [chance.integers(-9000, 9000, int(chance.integers(1, 90_000)), np.int16) for _ in lanes]
    places = [0] * len(lanes)
    while any(place < len(samples) for place, samples in zip(places, audio, strict=True)):
        number = int(chance.integers(len(lanes)))
        packet = audio[number][places[number] : places[number] + int(chance.integers(1, 12_000))]
        places[number] += len(packet)
        crew.command(CommandKind.AUDIO, lanes[number], packet.tobytes())
    for lane in lanes:
        crew.command(CommandKind.STOP, lane)
    wait_until_done(reports)
    crew.workers.end(WITHIN_S)
    assert crew.workers.waiting == 0
    assert max(crew.stepper.batches) > 1
    assert crew.stepper.states == set()
    heard = sorted(np.rint(np.multiply(samples, 32_768)).tolist() for samples in crew.stepper.heard.values())
    assert heard == sorted(samples.tolist() for samples in audio)


def test_a_step_that_fails_ends_its_streams_and_no_others() -> None:
    crew = Crew()
    crew.workers.start()
    first = Reports()
    lane = crew.open(first)
    crew.stepper.fault = ValueError("no such number")
    crew.command(CommandKind.AUDIO, lane, b"\0\0" * 9600)
    crew.command(CommandKind.STOP, lane)
    wait_until_done([first])
    assert first[-1].error is not None
    assert first[-1].error.code is ErrorCode.RECOGNITION_FAILED
    crew.stepper.fault = None
    second = Reports()
    lane = crew.open(second)
    crew.command(CommandKind.AUDIO, lane, b"\0\0" * 9600)
    crew.command(CommandKind.STOP, lane)
    wait_until_done([second])
    assert second[-1].error is None
    crew.workers.end(WITHIN_S)
    assert crew.ends.get(timeout=WITHIN_S) is None
    assert crew.stepper.states == set()


@pytest.mark.parametrize("count", [1, 4])
def test_a_stream_that_gets_no_state_ends_alone(count: int) -> None:
    """All of them are in one batch: the threads start when all have sent their audio."""
    crew = Crew(threads=1)
    refused: ChunkSize = (30, 10, 30)
    crew.stepper.refused.add(refused)
    reports = [Reports() for _ in range(count)]
    sizes = [CHUNK_SIZE] * (count - 1) + [refused]
    lanes = [crew.open(each, size) for each, size in zip(reports, sizes, strict=True)]
    for lane in lanes:
        crew.command(CommandKind.AUDIO, lane, CHUNK)
        crew.command(CommandKind.STOP, lane)
    crew.workers.start()
    wait_until_done(reports)
    *others, alone = [each[-1].error for each in reports]
    assert others == [None] * (count - 1)
    assert alone is not None
    assert alone.code is ErrorCode.RECOGNITION_FAILED
    crew.workers.end(WITHIN_S)
    assert crew.ends.get(timeout=WITHIN_S) is None
    assert crew.stepper.states == set()


def test_a_stream_that_can_take_no_tokens_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    crew = Crew(threads=1)
    reports = [Reports(), Reports()]
    one, other = [crew.open(each) for each in reports]

    def fault(*_: object) -> None:
        raise IndexError("not within")

    monkeypatch.setattr(one.session, "accept", fault)
    for lane in (one, other):
        crew.command(CommandKind.AUDIO, lane, CHUNK)
        crew.command(CommandKind.STOP, lane)
    crew.workers.start()
    wait_until_done(reports)
    assert [each[-1].error is None for each in reports] == [False, True]
    crew.workers.end(WITHIN_S)
    assert crew.ends.get(timeout=WITHIN_S) is None


def test_all_end_together_and_say_so_once() -> None:
    crew = Crew()
    crew.workers.start()
    crew.workers.end(WITHIN_S)
    assert crew.ends.get(timeout=WITHIN_S) is None
    assert crew.ends.empty()


def test_what_fails_in_preparation_is_told_once() -> None:
    error = VoicechatError(ErrorCode.MODEL_NOT_FOUND, "There is no model.", "Find one.")
    crew = Crew(error)
    crew.workers.start()
    assert crew.ends.get(timeout=WITHIN_S) is error
    crew.workers.end(WITHIN_S)
    assert crew.ends.empty()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_our_own_ends_recognition_and_says_so_once() -> None:
    crew = Crew()
    crew.workers.start()
    crew.stepper.fault = TypeError("not foreseen")
    lane = crew.open([])
    crew.command(CommandKind.AUDIO, lane, b"\0\0" * 9600)
    ended = crew.ends.get(timeout=WITHIN_S)
    assert ended is not None
    assert ended.code is ErrorCode.INTERNAL
    crew.workers.end(WITHIN_S)
    assert crew.ends.empty()
