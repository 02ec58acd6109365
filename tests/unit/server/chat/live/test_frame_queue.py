"""What waits for a reader of a chat: the newest of each thing, nothing stored lost, and never too much."""

import asyncio

import pytest

from voicechat_server.chat.live.frame_queue import Frame, FrameQueue

LIMIT = 4


def filled(*frames: Frame) -> FrameQueue:
    queue = FrameQueue(LIMIT)
    for frame in frames:
        queue.put(frame)
    return queue


def drained(queue: FrameQueue) -> list[str]:
    found = []
    while (frame := queue.take()) is not None:
        found.append(frame.text)
    return found


def partial(text: str, key: str = "m") -> Frame:
    return Frame(text, key=key, is_transient=True)


def test_frames_come_out_in_order() -> None:
    assert drained(filled(Frame("a"), Frame("b"), Frame("c"))) == ["a", "b", "c"]


def test_a_newer_partial_takes_the_place_of_the_older_of_its_message() -> None:
    queue = filled(partial("m 1"), Frame("a"), partial("n 1", "n"), partial("m 2"))
    assert drained(queue) == ["a", "n 1", "m 2"]


def test_a_final_replaces_its_partial_and_no_partial_comes_after_it() -> None:
    assert drained(filled(partial("m 1"), Frame("a"), Frame("final", key="m"))) == ["a", "final"]


def test_partials_make_room_for_what_must_not_be_lost() -> None:
    queue = filled(Frame("a"), partial("m"), partial("n", "n"), Frame("b"), Frame("c"))
    assert not queue.overflow.is_set()
    assert drained(queue) == ["a", "b", "c"]


def test_partials_of_many_messages_never_end_a_connection() -> None:
    queue = filled(Frame("a"), *(partial(str(number), str(number)) for number in range(100)))
    assert not queue.overflow.is_set()
    assert drained(queue)[0] == "a"


def test_a_reader_who_lets_too_much_wait_is_cut_off_for_good() -> None:
    queue = filled(*(Frame(str(number)) for number in range(LIMIT)))
    assert not queue.overflow.is_set()
    queue.put(Frame("one too many"))
    assert queue.overflow.is_set()
    queue.put(Frame("after"))
    assert drained(queue) == [], "what follows a gap must not be told"


async def test_waiting_ends_when_a_frame_comes() -> None:
    queue = FrameQueue(LIMIT)
    waiting = asyncio.create_task(queue.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.put(Frame("a"))
    queue.put(Frame("b"))
    await waiting
    assert drained(queue) == ["a", "b"]


async def test_waiting_is_over_at_once_if_a_frame_waits() -> None:
    await filled(Frame("a")).wait()


async def test_what_can_be_sent_at_once_wakes_nobody() -> None:
    queue, sent = FrameQueue(LIMIT), list[str]()
    room = 2

    def send(text: str) -> bool:
        if len(sent) == room:
            return False
        sent.append(text)
        return True

    waiting = asyncio.create_task(queue.wait(send))
    await asyncio.sleep(0)
    for text in "abcd":
        queue.put(Frame(text))
    await waiting
    assert sent == ["a", "b"]
    assert drained(queue) == ["c", "d"]


async def test_after_a_gap_nothing_is_sent_at_once_either() -> None:
    queue, sent = FrameQueue(LIMIT), list[str]()

    def send(text: str) -> bool:
        sent.append(text)
        return True

    for number in range(LIMIT + 1):
        queue.put(Frame(str(number)))
    waiting = asyncio.create_task(queue.wait(send))
    await asyncio.sleep(0)
    queue.put(Frame("after"))
    waiting.cancel()
    assert sent == []


async def test_a_frame_that_comes_while_the_reader_is_being_cancelled_raises_nothing() -> None:
    queue = FrameQueue(LIMIT)
    waiting = asyncio.create_task(queue.wait(lambda _: False))
    await asyncio.sleep(0)
    waiting.cancel()
    queue.put(Frame("a"))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert drained(queue) == ["a"]
