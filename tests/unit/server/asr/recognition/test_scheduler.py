"""Which streams a free worker steps next, and what becomes of orders meanwhile; without threads."""

from collections.abc import Iterator

import pytest

from tests.support.stepping import CHUNK, WatchingStepper, new_lane
from voicechat_common.errors import ErrorCode
from voicechat_server.asr.observer import RecognitionObserver
from voicechat_server.asr.recognition.lane import Lane, Report
from voicechat_server.asr.recognition.scheduler import Command, CommandKind, Due, Scheduler

BATCH_SIZE = 4


class Desk:
    """A scheduler, and the workers' side of it."""

    def __init__(self, workers: int = 2) -> None:
        self.stepper = WatchingStepper()
        self.tools = self.stepper.tools(BATCH_SIZE)
        self.scheduler = Scheduler(workers, RecognitionObserver())
        self.reports: dict[Lane, list[Report]] = {}

    def open(self) -> Lane:
        reports: list[Report] = []
        lane = new_lane(reports)
        self.reports[lane] = reports
        self.command(CommandKind.OPEN, lane)
        return lane

    def command(self, kind: CommandKind, lane: Lane, data: bytes = b"") -> None:
        self.scheduler.submit(Command(kind, lane, data))

    def speak(self, *lanes: Lane, chunks: int = 1) -> None:
        for lane in lanes:
            self.command(CommandKind.AUDIO, lane, CHUNK * chunks)

    def next(self) -> list[Due]:
        return self.scheduler.next_batch(self.tools)

    def finish(self, batch: list[Due]) -> None:
        """Do what a worker does with a batch."""
        for lane, chunk in batch:
            lane.accept(chunk, [])
            lane.report()
        self.scheduler.give_back(batch)


def lanes_of(batch: list[Due]) -> list[Lane]:
    return [lane for lane, _ in batch]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.scheduler.end()
    assert desk.next() == []
    assert desk.next() == []


def test_free_workers_share_what_is_due(desk: Desk) -> None:
    lanes = [desk.open() for _ in range(5)]
    desk.speak(*lanes)
    first = desk.next()
    second = desk.next()
    assert lanes_of(first) == lanes[:3]
    assert lanes_of(second) == lanes[3:]


def test_who_is_free_alone_takes_all_but_no_more_than_a_batch(desk: Desk) -> None:
    lanes = [desk.open() for _ in range(7)]
    desk.speak(lanes[0])
    busy = desk.next()
    desk.speak(*lanes[1:])
    assert lanes_of(busy) == lanes[:1]
    assert lanes_of(desk.next()) == lanes[1:5]
    desk.finish(busy)
    assert lanes_of(desk.next()) == lanes[5:]


def test_what_fell_due_first_goes_first(desk: Desk) -> None:
    lanes = [desk.open() for _ in range(7)]
    desk.speak(lanes[6])
    desk.next()
    desk.speak(*lanes[2:6], lanes[1])
    one = desk.next()
    desk.speak(lanes[0], chunks=3)
    desk.finish(one)
    two = desk.next()
    assert lanes_of(two) == [lanes[5], lanes[0]]
    desk.finish(two)
    desk.speak(lanes[3])
    assert lanes_of(desk.next()) == [lanes[0], lanes[3]]


def test_orders_for_a_stream_that_is_stepped_wait_for_its_return(desk: Desk) -> None:
    lane, other = desk.open(), desk.open()
    desk.speak(lane)
    batch = desk.next()
    desk.speak(lane, other)
    desk.command(CommandKind.STOP, lane)
    between = desk.next()
    assert lanes_of(between) == [other]
    assert desk.scheduler.waiting == 2
    desk.finish(batch)
    ((again, chunk),) = desk.next()
    assert desk.scheduler.waiting == 0
    assert again is lane
    assert len(chunk.samples) == 9600
    desk.finish([(again, chunk)])
    ((_, last),) = desk.next()
    assert last.is_final
    desk.finish([(lane, last)])
    desk.finish(between)
    desk.speak(other)
    desk.next()
    assert desk.reports[lane][-1].is_done


def test_a_stream_that_is_dropped_while_it_is_stepped_frees_its_state_afterwards(desk: Desk) -> None:
    lane, other = desk.open(), desk.open()
    desk.speak(lane)
    batch = desk.next()
    batch[0][1].segment.state = desk.stepper.open((0, 10, 5))
    desk.command(CommandKind.DROP, lane)
    desk.speak(lane, other)
    assert lanes_of(desk.next()) == [other]
    assert desk.stepper.states
    desk.finish(batch)
    desk.speak(desk.open())
    assert lane not in lanes_of(desk.next())
    assert not desk.stepper.states


def test_a_dropped_stream_is_not_stepped(desk: Desk) -> None:
    lane, other = desk.open(), desk.open()
    desk.speak(lane, other)
    desk.command(CommandKind.DROP, lane)
    desk.speak(lane)
    assert lanes_of(desk.next()) == [other]


@pytest.mark.parametrize("call", ["windows", "feed"])
def test_a_stream_that_fails_fails_alone(desk: Desk, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lane, other = desk.open(), desk.open()

    def fault(*_: object, **__: object) -> None:
        raise IndexError("not within")

    monkeypatch.setattr(lane.session, call, fault)
    desk.speak(lane, other)
    assert lanes_of(desk.next()) == [other]
    (report,) = desk.reports[lane]
    assert report.error is not None
    assert report.error.code is ErrorCode.RECOGNITION_FAILED


def test_every_stream_hears_what_became_of_its_audio_at_once(desk: Desk) -> None:
    stepped, other = desk.open(), desk.open()
    desk.speak(stepped)
    desk.command(CommandKind.AUDIO, other, CHUNK[:100])
    desk.next()
    assert [report.taken for report in desk.reports[other]] == [50]
    assert desk.reports[stepped] == []
