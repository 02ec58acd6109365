"""What each may send, and for how long: the parts of the gate, with the clock in the test's hand."""

import asyncio
from functools import partial

from voicechat_server.api.gate.deadlines import Deadlines
from voicechat_server.api.gate.frame_limits import TokenBucket
from voicechat_server.api.gate.gate import Gate
from voicechat_server.api.gate.starts import AT_A_TIME, Starts
from voicechat_server.api.gate.unfinished import WORTH_COUNTING, UnfinishedInput
from voicechat_server.api.gate.unread import STALLED_S, UnreadOutput
from voicechat_server.heap import WORTH_ASKING_BYTES, GrownMemory
from voicechat_server.turns import Turns


class Reader:
    """A client that has left so much unread."""

    def __init__(self, size: int) -> None:
        self.size = size

    def unread_bytes(self) -> int:
        return self.size


class Waiting:
    """A connection that notes how it was ended."""

    def __init__(self) -> None:
        self.ended = ""

    def expire(self) -> None:
        self.ended = "expired"

    def evict(self) -> None:
        self.ended = "made room"

    def give_way(self) -> None:
        self.ended = "gave way"


def test_an_allowance_is_spent_at_once_and_comes_back_with_time() -> None:
    allowance = TokenBucket(rate=2, burst=3, now=10)
    assert [allowance.spend(10) for _ in range(4)] == [True, True, True, False]
    assert not allowance.spend(10.4)
    assert allowance.spend(10.5)
    assert [allowance.spend(1000) for _ in range(4)] == [True, True, True, False]
    assert [allowance.spend(1001) for _ in range(3)] == [True, True, False]


async def test_turns_go_round() -> None:
    turns, seen = Turns(), []

    def reads(name: str, times: int) -> None:
        left = iter(range(times))

        def step() -> bool:
            seen.append(name)
            return next(left, None) is not None

        turns.enter(step)

    reads("a", 2)
    reads("b", 1)
    reads("c", 0)
    assert seen == []
    while len(seen) < 6:
        await next_turn()
    assert seen == ["a", "b", "c", "a", "b", "a"]


async def test_the_loop_goes_on_between_the_turns_of_one_that_never_ends() -> None:
    turns, is_reading = Turns(), True
    turns.enter(lambda: is_reading)
    for _ in range(3):
        await next_turn()
    is_reading = False
    await next_turn()


async def test_few_requests_begin_in_one_round_of_the_loop_and_in_their_order() -> None:
    starts = Starts()
    begun: list[object] = []
    for number in range(2 * AT_A_TIME + 1):
        starts.enter(partial(begun.append, number))
    assert begun == list(range(AT_A_TIME))
    await next_turn()
    assert begun == list(range(2 * AT_A_TIME))
    starts.enter(partial(begun.append, "late"))
    await next_turn()
    assert begun == [*range(2 * AT_A_TIME + 1), "late"]
    await next_turn()
    starts.enter(partial(begun.append, "alone"))
    assert begun[-1] == "alone"


async def next_turn() -> None:
    """Let the loop go round once."""
    await asyncio.sleep(0)


def test_who_holds_the_most_unfinished_input_gives_way() -> None:
    budget = UnfinishedInput(most_bytes=10 * WORTH_COUNTING)
    small, large, larger = Waiting(), Waiting(), Waiting()
    budget.hold(small, WORTH_COUNTING - 1)
    budget.hold(large, 4 * WORTH_COUNTING)
    budget.hold(larger, 6 * WORTH_COUNTING)
    assert larger.ended == ""
    budget.hold(large, 5 * WORTH_COUNTING)
    assert (small.ended, large.ended, larger.ended) == ("", "", "gave way")
    budget.release(larger)
    budget.hold(large, 0)
    budget.hold(small, 10 * WORTH_COUNTING)
    assert small.ended == "", "nobody else holds anything"


def test_deadlines_run_from_when_each_began() -> None:
    deadlines: Deadlines[str] = Deadlines(10)
    deadlines.start("first", now=0)
    deadlines.start("second", now=5)
    deadlines.start("first", now=8)
    deadlines.start("stopped", now=1)
    deadlines.stop("stopped")
    assert deadlines.pop_expired(9.9) == []
    assert deadlines.pop_expired(10) == ["first"]
    deadlines.start("third", now=11)
    assert deadlines.pop_oldest() == "second"
    assert deadlines.pop_expired(100) == ["third"]
    assert deadlines.pop_oldest() is None


def test_a_new_connection_gets_the_place_of_one_that_has_asked_for_nothing() -> None:
    gate = Gate(most_connections=2)
    silent, later = Waiting(), Waiting()
    assert gate.admit()
    gate.heads.start(silent, 0)
    assert gate.admit()
    gate.heads.start(later, 1)
    assert gate.admit()
    assert (silent.ended, later.ended) == ("made room", "")


def test_connections_in_use_are_not_ended_for_new_ones() -> None:
    gate = Gate(most_connections=1)
    assert gate.admit()
    assert not gate.admit()
    gate.leave()
    assert gate.admit()


def test_memory_is_asked_for_while_what_took_it_may_be_freed() -> None:
    memory, more = GrownMemory(), WORTH_ASKING_BYTES
    assert not memory.is_worth_asking(100 * more, 0)
    assert not memory.is_worth_asking(int(100.9 * more), 1)
    assert memory.is_worth_asking(101 * more, 2)
    asked = [now for now in range(3, 200) if memory.is_worth_asking(101 * more, now)]
    assert asked == list(range(12, 122, 10))
    assert not memory.is_worth_asking(90 * more, 200)
    assert memory.is_worth_asking(91 * more, 201)


def test_memory_is_never_asked_for_where_the_system_does_not_say_how_much_there_is() -> None:
    memory = GrownMemory()
    assert not any(memory.is_worth_asking(0, now) for now in range(300))


def test_who_has_left_the_most_unread_is_given_up_where_all_together_is_too_much() -> None:
    output: UnreadOutput[Reader] = UnreadOutput(most_bytes=10)
    reads, slow, deaf = Reader(0), Reader(4), Reader(6)
    assert output.look([reads, slow, deaf], 0) == []
    slow.size = 5
    assert output.look([reads, slow, deaf], 1) == [deaf]
    assert output.look([reads, slow], 2) == []


def test_who_reads_nothing_for_long_is_given_up() -> None:
    output: UnreadOutput[Reader] = UnreadOutput()
    slow, deaf = Reader(10), Reader(10)
    assert output.look([slow, deaf], 0) == []
    slow.size = 9
    assert output.look([slow, deaf], STALLED_S - 1) == []
    assert output.look([slow, deaf], STALLED_S) == [deaf]
    deaf.size = 0
    assert output.look([deaf], STALLED_S + 1) == []
    deaf.size = 10
    assert output.look([deaf], 3 * STALLED_S) == []
