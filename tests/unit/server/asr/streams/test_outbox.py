"""Events on their way to a client: what may be left out for a slow reader, and what is told again."""

import asyncio

import pytest

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial, StreamEvent
from voicechat_server.asr.streams.outbox import KEPT_FINALS, Outbox

DONE = Done(
    received_ms=0,
    decoded_ms=0,
    dropped_ms=0,
    segments=0,
    received_samples=0,
    decoded_samples=0,
    dropped_samples=0,
)
FATAL = Error(code=ErrorCode.RECOGNITION_FAILED, message="m", advice="a", fatal=True)
FORGIVEN = Error(code=ErrorCode.ODD_BYTES, message="m", advice="a")


def partial(segment: int, revision: int) -> Partial:
    return Partial(segment=segment, revision=revision, text=f"{revision}", start_ms=0, end_ms=0)


def final(segment: int) -> Final:
    return Final(segment=segment, revision=9, text=f"final {segment}", start_ms=0, end_ms=0)


def ack(samples: int) -> Ack:
    return Ack(received_samples=samples, decoded_samples=samples, lag_ms=0)


def filled(*events: StreamEvent) -> Outbox:
    outbox = Outbox()
    for event in events:
        outbox.put(event)
    return outbox


def drain(outbox: Outbox) -> list[StreamEvent]:
    events = []
    while (event := outbox.take()) is not None:
        events.append(event)
    return events


def test_events_come_out_in_order() -> None:
    events: list[StreamEvent] = [ack(5), final(0), FORGIVEN, partial(1, 1), DONE]
    assert drain(filled(*events)) == events


def test_the_newest_partial_of_a_segment_replaces_the_one_that_waits() -> None:
    assert drain(filled(partial(0, 1), partial(0, 2), partial(1, 1))) == [partial(0, 2), partial(1, 1)]


def test_a_final_makes_its_partial_superfluous() -> None:
    assert drain(filled(partial(0, 1), partial(1, 1), final(0))) == [partial(1, 1), final(0)]


def test_the_newest_ack_replaces_the_one_that_waits() -> None:
    assert drain(filled(ack(1), final(0), ack(2))) == [final(0), ack(2)]


def test_finals_and_errors_are_never_left_out() -> None:
    events: list[StreamEvent] = [final(0), FORGIVEN, final(1), FORGIVEN, final(2), DONE]
    assert drain(filled(*events)) == events


def test_a_slow_reader_costs_a_partial_and_an_ack_however_long_it_sleeps() -> None:
    outbox = Outbox()
    for revision in range(1, 10_000):
        outbox.put(partial(0, revision))
        outbox.put(ack(revision))
    assert drain(outbox) == [partial(0, 9999), ack(9999)]


def test_finals_are_repeated_from_the_first_that_the_client_lacks() -> None:
    outbox = filled(final(0), final(1), final(2), partial(3, 1))
    drain(outbox)
    outbox.repeat_from(1)
    assert drain(outbox) == [final(1), final(2)]


def test_repeated_finals_come_once_and_before_what_was_said_after_them() -> None:
    outbox = filled(final(0), partial(1, 1), final(1), ack(7), partial(2, 1))
    outbox.take()
    outbox.repeat_from(0)
    assert drain(outbox) == [final(0), final(1), ack(7), partial(2, 1)]


@pytest.mark.parametrize("ending", [DONE, FATAL])
def test_the_ending_is_repeated_last_whether_it_was_taken_or_not(ending: StreamEvent) -> None:
    outbox = filled(final(0), ack(3), ending)
    outbox.repeat_from(0)
    assert drain(outbox) == [final(0), ack(3), ending]
    outbox.repeat_from(1)
    assert drain(outbox) == [ending]


class Store:
    """Stores finals when it is told to."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[int | None]] = []
        self.settled = 0
        self.outbox = Outbox(self._hear, self._settle)

    def _hear(self, event: StreamEvent) -> asyncio.Future[int | None] | None:
        if not isinstance(event, Final):
            return None
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]

    def _settle(self) -> None:
        self.settled += 1

    async def store(self, number: int, seq: int | None) -> None:
        self.asked[number].set_result(seq)
        await asyncio.sleep(0)


def stored(segment: int, seq: int | None) -> Final:
    return final(segment).model_copy(update={"seq": seq})


async def test_a_final_is_told_with_its_place_once_it_is_stored() -> None:
    store = Store()
    for event in (final(0), ack(1), partial(1, 1)):
        store.outbox.put(event)
    assert drain(store.outbox) == [ack(1), partial(1, 1)]
    assert not store.outbox.is_settled
    await store.store(0, 7)
    assert drain(store.outbox) == [stored(0, 7)]
    assert (store.outbox.is_settled, store.settled) == (True, 1)
    store.outbox.repeat_from(0)
    assert drain(store.outbox) == [stored(0, 7)]


async def test_finals_and_the_ending_keep_their_order_whatever_is_stored_first() -> None:
    store = Store()
    for event in (final(0), final(1), DONE):
        store.outbox.put(event)
    await store.store(1, 8)
    assert drain(store.outbox) == []
    store.outbox.repeat_from(0)
    assert drain(store.outbox) == []
    await store.store(0, 7)
    assert drain(store.outbox) == [stored(0, 7), stored(1, 8), DONE]


async def test_the_receipt_tells_how_many_texts_were_refused() -> None:
    store = Store()
    for event in (final(0), final(1), DONE):
        store.outbox.put(event)
    await store.store(0, None)
    await store.store(1, 1)
    assert drain(store.outbox) == [
        stored(0, None),
        stored(1, 1),
        DONE.model_copy(update={"unstored": 1}),
    ]


def test_finals_of_a_lost_server_are_told_to_a_client_that_lacks_them() -> None:
    outbox = Outbox(finals=[stored(0, 3), stored(1, 4)])
    outbox.repeat_from(1)
    outbox.put(final(2))
    assert drain(outbox) == [stored(1, 4), final(2)]


def test_an_error_that_is_not_fatal_is_told_once() -> None:
    outbox = filled(FORGIVEN)
    drain(outbox)
    outbox.repeat_from(0)
    assert drain(outbox) == []


def test_finals_are_kept_in_a_bounded_number() -> None:
    outbox = filled(*(final(segment) for segment in range(KEPT_FINALS + 10)))
    drain(outbox)
    outbox.repeat_from(0)
    assert drain(outbox) == [final(segment) for segment in range(10, KEPT_FINALS + 10)]


async def test_the_reader_waits_until_there_is_an_event() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.put(ack(1))
    await waiting
    await outbox.wait()
