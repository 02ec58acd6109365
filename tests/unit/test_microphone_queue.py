"""The way of audio out of PortAudio's thread, and the thread in which PortAudio is called."""

import asyncio
import threading
from functools import partial

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.sources.microphone.audio_thread import AudioThread
from voicechat_tui.sources.microphone.block_queue import BlockQueue


async def in_another_thread(function: partial[None]) -> None:
    await asyncio.to_thread(function)


async def test_blocks_come_out_in_order_and_wake_their_reader() -> None:
    woken = asyncio.Event()
    queue = BlockQueue(10, woken.set)
    for number in range(3):
        await in_another_thread(partial(queue.put, bytes([number])))
    await woken.wait()
    assert queue.take() == [b"\0", b"\1", b"\2"]
    assert queue.take() == []
    assert queue.take_losses() is None


async def test_a_reader_is_woken_once_for_all_that_waits() -> None:
    wakes: list[int] = []
    queue = BlockQueue(10, lambda: wakes.append(1))
    for _ in range(5):
        queue.put(b"a")
    await asyncio.sleep(0)
    assert len(wakes) == 1
    queue.take()
    queue.put(b"b")
    await asyncio.sleep(0)
    assert len(wakes) == 2


async def test_a_full_queue_drops_the_newest_and_counts_it() -> None:
    queue = BlockQueue(2, lambda: None)
    for block in (b"aa", b"bb", b"cc", b"dd"):
        queue.put(block)
    assert queue.take() == [b"aa", b"bb"]
    assert (queue.take_losses(), queue.take_losses()) == (4, None)


async def test_a_loss_before_the_queue_is_told_without_a_number() -> None:
    queue = BlockQueue(2, lambda: None)
    queue.put(b"aa", overflowed=True)
    assert (queue.take_losses(), queue.take_losses()) == (0, None)


async def test_the_end_wakes_too() -> None:
    woken = asyncio.Event()
    queue = BlockQueue(2, woken.set)
    await in_another_thread(partial(queue.end))
    await woken.wait()
    assert queue.ended


def test_audio_that_comes_after_the_event_loop_is_harmless() -> None:
    async def make() -> BlockQueue:
        return BlockQueue(2, lambda: None)

    queue = asyncio.run(make())
    queue.put(b"a")
    queue.end()
    assert queue.take() == [b"a"]


async def test_all_calls_are_made_in_one_thread() -> None:
    audio = AudioThread()
    threads = {await audio.call(threading.get_ident, 10) for _ in range(5)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_what_a_call_raises_reaches_its_caller() -> None:
    def fail() -> None:
        raise LookupError("no such device")

    with pytest.raises(LookupError, match="no such device"):
        await AudioThread().call(fail, 10)


async def test_audio_that_hangs_is_told_and_what_it_did_after_all_is_undone() -> None:
    audio, answer = AudioThread(), threading.Event()
    undone: list[str] = []

    def hang() -> str:
        answer.wait()
        return "opened"

    with pytest.raises(VoicechatError, match="does not answer") as caught:
        await audio.call(hang, 0.01, undone.append)
    assert caught.value.code is ErrorCode.MICROPHONE_FAILED
    answer.set()
    assert await audio.call(lambda: list(undone), 10) == ["opened"]


async def test_a_call_behind_one_that_hangs_is_given_up_without_being_made() -> None:
    audio, answer = AudioThread(), threading.Event()
    made: list[int] = []
    with pytest.raises(VoicechatError):
        await audio.call(answer.wait, 0.01)
    with pytest.raises(VoicechatError):
        await audio.call(lambda: made.append(1), 0.01)
    answer.set()
    await audio.call(lambda: None, 10)
    assert made == []


async def test_a_caller_who_leaves_gets_its_call_undone() -> None:
    audio, begun, answer = AudioThread(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    undone: list[bool] = []

    def slow() -> bool:
        loop.call_soon_threadsafe(begun.set)
        return answer.wait()

    caller = asyncio.create_task(audio.call(slow, 10, undone.append))
    await begun.wait()
    caller.cancel()
    await asyncio.wait({caller})
    answer.set()
    assert await audio.call(lambda: list(undone), 10) == [True]
