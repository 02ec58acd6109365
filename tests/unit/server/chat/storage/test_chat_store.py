"""Durable history: numbers without gaps, messages that are sent again, and what is refused.

In SQLite and in PostgreSQL, by the same tests.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.chat_records import at, end, enter, everything, spoken, text, the_chat, written
from tests.support.postgres import new_database, postgres
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Word
from voicechat_server.chat.records import Operation, Outcome, StoredMessage
from voicechat_server.chat.storage.batch_writer import CACHED_CHATS, Result
from voicechat_server.chat.storage.committer import Committer
from voicechat_server.chat.storage.ledger import Ledger
from voicechat_server.chat.storage.store import Store


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the chats of one test are kept: nothing is there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "chats.db")
    url: str = request.getfixturevalue("postgres_server")
    return new_database(url)


@pytest.fixture
async def store(place: str) -> AsyncIterator[Store]:
    async with Store(place) as opened:
        yield opened


def code(result: Result) -> ErrorCode:
    assert isinstance(result, VoicechatError)
    return result.code


async def test_what_is_written_is_read_again_exactly(store: Store, place: str) -> None:
    post = spoken("你好", 120, 980)
    (entered, posted) = await written(store, enter(title="标题"), post)
    expected = StoredMessage(
        message_id=post.message_id,
        chat_id="c",
        seq=1,
        speaker="alice",
        kind=post.kind,
        content="你好",
        timestamp=post.at,
        speech=post.speech,
    )
    assert (entered.is_new, posted.message) == (True, expected)
    async with Store(place) as reopened:
        assert await everything(reopened) == [expected]
        chat = await the_chat(reopened)
    assert (chat.title, chat.owner, chat.created_at, chat.last_seq) == ("标题", "alice", at(0), 1)
    assert expected.speech is not None
    assert expected.speech.words == (Word("你好", 120, 980),)


async def test_seq_rises_by_one_in_each_chat(store: Store) -> None:
    await written(store, enter("c"), enter("d"))
    outcomes = await written(store, text("1"), text("1", "d"), text("2"), text("3"), text("2", "d"))
    assert [each.message.seq for each in outcomes if each.message] == [1, 1, 2, 3, 2]
    outcomes = await written(store, text("4"), text("3", "d"))
    assert [each.message.seq for each in outcomes if each.message] == [4, 3]


async def test_seq_has_no_gaps_when_many_write_at_once(store: Store) -> None:
    await written(store, *(enter(f"c{number}") for number in range(3)))
    async with Committer(store.write, lambda *_: None) as committer:

        async def talk(person: int) -> None:
            for number in range(20):
                await committer.submit(text(str(number), f"c{number % 3}", f"user {person}"))

        async with asyncio.TaskGroup() as group:
            for person in range(20):
                group.create_task(talk(person))
    for number in range(3):
        messages = await everything(store, f"c{number}")
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
        by_person = [message.content for message in messages if message.speaker == "user 7"]
        assert by_person == [str(each) for each in range(number, 20, 3)], "each person's own order is kept"


async def test_two_servers_on_one_database_never_give_a_seq_twice(store: Store, place: str) -> None:
    await written(store, enter())
    async with Store(place) as other:
        for number in range(10):
            await asyncio.gather(
                written(store, text(f"mine {number}")), written(other, text(f"theirs {number}"))
            )
        assert await everything(other) == (messages := await everything(store))
    assert [message.seq for message in messages] == list(range(1, 21))


async def test_a_message_that_is_sent_again_is_the_first_one(store: Store) -> None:
    await written(store, enter())
    (first,) = await written(store, text("once", client_message_id="m"))
    (again, other, twin) = await written(
        store,
        text("once", client_message_id="m"),
        text("bob's", user="bob", client_message_id="m"),
        text("bob's", user="bob", client_message_id="m"),
    )
    assert (again.message, again.is_new) == (first.message, False)
    assert (other.is_new, twin.is_new, twin.message) == (True, False, other.message)
    assert [message.content for message in await everything(store)] == ["once", "bob's"]


async def test_another_text_under_the_same_name_is_refused_wherever_the_first_one_is_known_from(
    store: Store, place: str
) -> None:
    await written(store, enter())
    _, in_one_batch, after = await store.write(
        [text("one", client_message_id="m"), text("two", client_message_id="m"), text("other")]
    )
    (remembered,) = await store.write([text("three", client_message_id="m")])
    async with Store(place) as other:
        (read_anew,) = await other.write([text("four", client_message_id="m")])
    assert [code(result) for result in (in_one_batch, remembered, read_anew)] == [ErrorCode.ID_TAKEN] * 3
    assert isinstance(after, Outcome)
    assert [message.content for message in await everything(store)] == ["one", "other"]
    await written(store, end())
    (too_late, again) = await store.write(
        [text("five", client_message_id="m"), text("one", client_message_id="m")]
    )
    assert code(too_late) is ErrorCode.CHAT_ENDED, "another name would not help"
    assert isinstance(again, Outcome)


async def test_two_texts_of_one_name_at_once_from_two_servers_are_one_text_and_one_refusal(
    store: Store, place: str
) -> None:
    await written(store, enter())
    async with Store(place) as other:
        results = await asyncio.gather(
            *((store, other)[n % 2].write([text(f"{n}", client_message_id="m")]) for n in range(10))
        )
    refused = [result for (result,) in results if not isinstance(result, Outcome)]
    assert [error.code for error in refused] == [ErrorCode.ID_TAKEN] * 9
    assert len(await everything(store)) == 1


async def test_a_batch_that_came_through_though_its_answer_was_lost_is_not_stored_twice(store: Store) -> None:
    await written(store, enter())
    post = text("once")
    (first,) = await written(store, post)
    (again,) = await written(store, post)
    assert (again.message, again.is_new) == (first.message, False)
    assert (await the_chat(store)).last_seq == 1


async def test_the_same_client_message_id_ten_times_at_once_is_one_message(store: Store, place: str) -> None:
    await written(store, enter())
    async with Store(place) as other:
        results = await asyncio.gather(
            *(written((store, other)[turn % 2], text("once", client_message_id="m")) for turn in range(10))
        )
    outcomes = [outcome for (outcome,) in results]
    assert sum(outcome.is_new for outcome in outcomes) == 1
    assert len({outcome.message.message_id for outcome in outcomes if outcome.message}) == 1
    assert len(await everything(store)) == 1


async def test_only_the_refused_of_a_batch_are_refused(store: Store) -> None:
    results = await store.write(
        [text("nowhere", "none"), enter(), text("yes"), end(user="bob"), end(), text("no"), end(user="alice")]
    )
    assert code(results[0]) is ErrorCode.NOT_FOUND
    assert code(results[3]) is ErrorCode.NOT_OWNER
    assert code(results[5]) is ErrorCode.CHAT_ENDED
    ended, again = results[4], results[6]
    assert isinstance(ended, Outcome)
    assert isinstance(again, Outcome)
    assert (ended.is_new, again.is_new) == (True, False)
    assert [message.content for message in await everything(store)] == ["yes"]
    chat = await the_chat(store)
    assert (chat.ended_at, chat.ended_by) == (at(2), "alice")


async def test_who_enters_an_ended_chat_does_not_take_part(store: Store) -> None:
    await written(store, enter(), end(), enter(user="bob"))
    assert await store.participants("c") == ["alice"]


async def test_participants_are_listed_in_the_order_of_their_coming(store: Store) -> None:
    await written(store, enter(user="zoe"), enter(user="bob", seconds=1), text("x", user="al", seconds=2))
    await written(store, enter(user="zoe", seconds=3), text("x", user="bob", seconds=4))
    assert await store.participants("c") == ["zoe", "bob", "al"]
    assert await store.participants("c", limit=2) == ["zoe", "bob"]


@pytest.mark.parametrize("name", ["Alice", "аlice", "alice\ufe0f", "al\u034fice", "alice\u3164", "ａlice"])
async def test_a_name_that_looks_like_one_in_the_chat_is_refused(store: Store, name: str) -> None:
    await written(store, enter(), enter(user="bob"))
    entered, posted = await store.write([enter(user=name), text("I am alice", user=name)])
    assert (code(entered), code(posted)) == (ErrorCode.NAME_TAKEN, ErrorCode.NAME_TAKEN)
    assert await store.participants("c") == ["alice", "bob"]
    assert await everything(store) == []


async def test_two_names_that_look_alike_are_not_let_in_at_once(store: Store) -> None:
    results = await store.write([enter(user="bob"), enter(user="alice"), enter(user="Alice")])
    assert code(results[2]) is ErrorCode.NAME_TAKEN
    assert isinstance(results[1], Outcome)


async def test_a_name_that_looks_like_that_of_a_guest_who_is_there_is_refused(store: Store) -> None:
    await written(store, enter())
    present = ("alice", "guest-1", "bob")
    taken, own = await store.write(
        [replace(enter(user="guest-l"), present=present), replace(enter(user="bob"), present=present)]
    )
    assert code(taken) is ErrorCode.NAME_TAKEN
    assert isinstance(own, Outcome)


async def test_who_took_part_before_names_were_compared_gets_in_under_her_own_name(
    store: Store, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as yesterday:
        yesterday.setattr(Ledger, "_check_name", lambda *_: None)
        await written(
            store, enter(), enter(user="Alice"), text("hi", user="alice\ufe0f"), enter(user="\u3164")
        )
    async with Store(place) as today:
        for name in ("alice", "Alice", "alice\ufe0f", "\u3164"):
            (outcome, _) = await written(today, enter(user=name), text(name, user=name))
            assert isinstance(outcome, Outcome)
        (refused,) = await today.write([enter(user="ALICE")])
        assert code(refused) is ErrorCode.NAME_TAKEN


async def test_a_name_that_cannot_be_seen_is_refused(store: Store) -> None:
    (result,) = await store.write([enter(user="\u3164\ufe0f")])
    assert code(result) is ErrorCode.BAD_FIELD


async def test_whom_another_server_let_in_is_known_when_somebody_new_comes(store: Store, place: str) -> None:
    await written(store, enter())
    async with Store(place) as other:
        await written(other, enter(user="bob"))
    (refused, again) = await store.write([enter(user="BOB"), enter(user="bob")])
    assert code(refused) is ErrorCode.NAME_TAKEN
    assert isinstance(again, Outcome)
    assert await store.participants("c") == ["alice", "bob"]


async def test_a_text_that_is_sent_again_is_the_one_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as yesterday:
        yesterday.setattr(Ledger, "_check_name", lambda *_: None)
        await written(store, enter(), text("x", user="Alice", client_message_id="m"))
    (again,) = await written(store, text("x", user="Alice", client_message_id="m"))
    assert not again.is_new


async def test_another_server_ended_the_chat_meanwhile(store: Store, place: str) -> None:
    await written(store, enter(), text("one"))
    async with Store(place) as other:
        await written(other, end())
    (result,) = await store.write([text("two")])
    assert code(result) is ErrorCode.CHAT_ENDED


async def test_more_chats_than_are_remembered(store: Store) -> None:
    names = [f"c{number}" for number in range(CACHED_CHATS + 10)]
    await written(store, *(enter(name) for name in names))
    await written(store, *(text("1", name) for name in names))
    outcomes = await written(store, *(text("2", name) for name in (names[0], names[-1])))
    assert [each.message.seq for each in outcomes if each.message] == [2, 2]
    assert await store.count_chats() == len(names)


async def test_pages_of_messages_and_of_chats(store: Store) -> None:
    await written(store, *(enter(f"c{number}", seconds=number) for number in range(5)))
    await written(store, *(text(str(number), "c3") for number in range(5)))
    page = await store.messages("c3", since=1, limit=2)
    assert [message.content for message in page] == ["1", "2"]
    found = await store.chats_of("alice", skip=1, limit=2)
    assert [chat.chat_id for chat, _ in found] == ["c3", "c2"]
    assert [last and last.content for _, last in found] == ["4", None]
    assert await store.chats_of("nobody", skip=0, limit=9) == []


class Gate:
    """A database that takes a batch only when it is let."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.open = asyncio.Event()

    async def write(self, operations: object) -> list[Result]:
        assert isinstance(operations, list)
        await self.open.wait()
        self.batches.append(len(operations))
        return [VoicechatError(ErrorCode.NOT_FOUND, "m", "a") for _ in operations]


async def test_what_comes_during_a_commit_goes_into_the_next_one_together() -> None:
    gate = Gate()
    async with Committer(gate.write, lambda *_: None) as committer:
        futures = [committer.submit(text("first"))]
        await asyncio.sleep(0)
        futures += [committer.submit(text("more")) for _ in range(9)]
        futures[3].cancel()
        gate.open.set()
        results = await asyncio.gather(*futures, return_exceptions=True)
    assert gate.batches == [1, 9]
    assert sum(isinstance(result, VoicechatError) for result in results) == 9


async def test_a_committer_that_is_full_or_closed_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicechat_server.chat.storage.committer.MAX_WAITING", 3)
    gate = Gate()
    async with Committer(gate.write, lambda *_: None) as committer:
        futures = [committer.submit(text("x")) for _ in range(3)]
        with pytest.raises(VoicechatError) as full:
            committer.submit(text("x"))
        assert (full.value.code, full.value.retry_after_s) == (ErrorCode.BUSY, 5.0)
        gate.open.set()
    assert all(future.done() and future.exception() for future in futures), "what was taken is settled"
    with pytest.raises(VoicechatError) as closed:
        committer.submit(text("x"))
    assert closed.value.code is ErrorCode.SHUTTING_DOWN


async def test_everybody_of_a_batch_hears_that_the_database_failed() -> None:
    async def fail(operations: object) -> list[Result]:
        raise VoicechatError(ErrorCode.STORAGE, "m", "a")

    observed: list[Operation] = []
    async with Committer(fail, lambda operation, _: observed.append(operation)) as committer:
        futures = [committer.submit(text("x")) for _ in range(3)]
        results = await asyncio.gather(*futures, return_exceptions=True)
    assert [code(result) for result in results if isinstance(result, VoicechatError)] == ["storage"] * 3
    assert observed == []
