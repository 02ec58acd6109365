"""The finals of a stream on their way into the store: in order, whatever fails."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.chat_records import spoken
from tests.support.locked_file import locked
from tests.support.waiting import until
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Done, Error, Final
from voicechat_server.chat import failures, service
from voicechat_server.chat.live import finals
from voicechat_server.chat.live.finals import FinalsQueue
from voicechat_server.chat.records import Chat, Outcome, Post
from voicechat_server.chat.service import ChatService
from voicechat_server.chat.storage import database as chat_database
from voicechat_server.chat.storage.store import Store

POSTS = [spoken(f"segment {number}", 1000 * number, 1000 * number + 900) for number in range(3)]
LOCKED = VoicechatError(ErrorCode.STORAGE, "The chat database failed.", "Try again.")
FULL = failures.too_many_waiting()
ENDED = VoicechatError(ErrorCode.CHAT_ENDED, "The chat has ended.", "Open another one.")


class Desk:
    """A store that refuses what it is told to refuse, and who hears of it."""

    def __init__(self) -> None:
        self.errors: list[VoicechatError | None] = []
        self.refuses_at_once = False
        self.stored: list[Post] = []
        self.refused: list[tuple[Post, ErrorCode]] = []
        self.queue = FinalsQueue(
            self._submit, lambda post, error: self.refused.append((post, error.code)), lambda: None
        )

    def _submit(self, post: Post) -> "asyncio.Future[Outcome]":
        error = self.errors.pop(0) if self.errors else None
        if error is not None and self.refuses_at_once:
            raise error
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if error is None:
            self.stored.append(post)
            chat = Chat("c", "c", "alice", post.at, None, None, 1)
            future.set_result(Outcome(chat, is_new=True))
        else:
            future.set_exception(error)
        return future


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(finals, "RETRY_S", 0.01)
    return Desk()


@pytest.mark.parametrize("refuses_at_once", [False, True])
async def test_what_fails_for_a_while_is_stored_before_what_came_later(
    desk: Desk, *, refuses_at_once: bool
) -> None:
    desk.errors = [LOCKED, FULL, None, LOCKED]
    desk.refuses_at_once = refuses_at_once
    places = [desk.queue.put(post) for post in POSTS]
    assert not any(place.done() for place in places)
    await desk.queue.empty()
    assert (desk.stored, desk.refused) == (POSTS, [])
    assert [place.result() for place in places] == [None, None, None]


@pytest.mark.parametrize("refuses_at_once", [False, True])
async def test_what_will_never_be_stored_keeps_nothing_else_from_it(
    desk: Desk, *, refuses_at_once: bool
) -> None:
    desk.errors = [None, ENDED]
    desk.refuses_at_once = refuses_at_once
    for post in POSTS:
        desk.queue.put(post)
    await desk.queue.empty()
    assert desk.stored == [POSTS[0], POSTS[2]]
    assert desk.refused == [(POSTS[1], ErrorCode.CHAT_ENDED)]


async def test_so_many_may_wait_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finals, "MAX_WAITING", 2)
    desk.errors = [LOCKED]
    for post in POSTS:
        desk.queue.put(post)
    assert desk.refused == [(POSTS[2], ErrorCode.BUSY)]
    await desk.queue.empty()
    assert desk.stored == POSTS[:2]


async def test_the_next_try_can_be_had_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finals, "RETRY_S", 60)
    desk.errors = [LOCKED]
    desk.queue.put(POSTS[0])
    desk.queue.retry()
    assert desk.stored == []
    await asyncio.sleep(0)
    desk.queue.retry()
    await desk.queue.empty()
    assert desk.stored == [POSTS[0]]


def final(number: int) -> Final:
    return Final(segment=number, revision=1, text=f"segment {number}", start_ms=0, end_ms=900)


DONE = Done(
    received_ms=0, decoded_ms=0, dropped_ms=0, segments=2,
    received_samples=0, decoded_samples=0, dropped_samples=0,
)  # fmt: skip


async def test_what_waits_when_the_server_ends_is_stored(
    database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(chat_database, "LOCK_TIMEOUT_S", 0.05)
    monkeypatch.setattr(finals, "RETRY_S", 600)
    async with ChatService(Store(str(database)), 100) as chats:
        feed = await chats.open_speech("c", "alice", "s")
        with locked(database):
            for event in (final(0), final(1), DONE):
                feed(event)
            await asyncio.to_thread(
                until, lambda: "a final is not stored yet" in caplog.text, lambda: caplog.text
            )
            assert len(feed.finals) == 2
    async with Store(str(database)) as store:
        assert [each.content for each in await store.messages("c", since=0, limit=9)] == [
            "segment 0",
            "segment 1",
        ]


async def test_a_database_that_fails_for_good_does_not_keep_the_server_from_its_end(
    database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(chat_database, "LOCK_TIMEOUT_S", 0.05)
    monkeypatch.setattr(service, "SETTLE_WITHIN_S", 0.2)
    with ExitStack() as lock:
        async with ChatService(Store(str(database)), 100) as chats:
            feed = await chats.open_speech("c", "alice", "s")
            lock.enter_context(locked(database))
            feed(final(0))
            feed(DONE)
    assert "speech is not stored" in caplog.text


async def test_a_speaker_hears_once_that_what_is_said_is_not_stored(database: Path) -> None:
    told: list[Error] = []
    async with ChatService(Store(str(database)), 100) as chats:
        feed = await chats.open_speech("c", "alice", "s")
        feed.notify_speaker = told.append
        await chats.end("c", "alice")
        for event in (final(0), final(1), DONE):
            feed(event)
        await feed.finals.empty()
    (error,) = told
    assert (error.code, error.fatal) == (ErrorCode.CHAT_ENDED, False)
    assert error.advice
