"""Which thread gets which stream, and how the threads end together; without a model."""

import queue
from typing import cast

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.lane import Lane
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.paraformer.stepper import ParaformerStepper
from voicechat_server.asr.scheduler import Command, Order, Tools
from voicechat_server.asr.session import SpeechSession
from voicechat_server.asr.silero import VoiceActivityDetector
from voicechat_server.asr.workers import Workers

COUNT = 3
WITHIN_S = 20

Ends = queue.SimpleQueue[VoicechatError | None]


class Crew:
    """Workers whose model is not needed: no lane gets audio."""

    def __init__(self, error: VoicechatError | None = None) -> None:
        self.ends: Ends = queue.SimpleQueue()
        self.error = error
        self.workers = Workers(COUNT, self._prepare, self.ends.put, RecognitionObserver())

    def _prepare(self) -> list[Tools]:
        if self.error is not None:
            raise self.error
        stepper = cast("ParaformerStepper", None)
        return [Tools(stepper, cast("VoiceActivityDetector", None)) for _ in range(COUNT)]

    def open(self) -> Lane:
        lane = Lane("stream", SpeechSession((0, 10, 5), None), 16_000, lambda _: None)
        self.workers.submit(Command(Order.OPEN, lane))
        return lane

    def drop(self, lane: Lane) -> None:
        self.workers.submit(Command(Order.DROP, lane))

    def streams(self) -> list[int]:
        """How many lanes each worker was given and not told to drop."""
        homes = list(self.workers.homes.values())
        return [homes.count(number) for number in range(COUNT)]


def test_a_stream_goes_where_the_fewest_are() -> None:
    crew = Crew()
    lanes = [crew.open() for _ in range(7)]
    assert crew.streams() == [3, 2, 2]
    crew.drop(lanes[1])
    crew.drop(lanes[4])
    assert crew.streams() == [3, 0, 2]
    crew.open()
    assert crew.streams() == [3, 1, 2]


def test_orders_for_a_stream_that_is_gone_are_dropped() -> None:
    crew = Crew()
    lane = crew.open()
    crew.drop(lane)
    waiting = crew.workers.waiting
    crew.workers.submit(Command(Order.AUDIO, lane, b"\0\0"))
    crew.drop(lane)
    assert crew.workers.waiting == waiting


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


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_lane_is_served_by_its_own_thread(lanes: int) -> None:
    crew = Crew()
    opened = [crew.open() for _ in range(lanes)]
    crew.workers.start()
    for lane in opened:
        crew.drop(lane)
    crew.workers.end(WITHIN_S)
    assert crew.workers.waiting == 0
    assert crew.streams() == [0] * COUNT
