"""Whoever is refused the list of chats asks for it more and more seldom, until somebody changes something."""

import asyncio

import pytest
from textual.message import Message

from tests.support.staged import USER, StagedBackend, local_state
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.connection.failures import forbidden, unreachable
from voicechat_tui.ui.controllers.messages import ChatsListed, ChatsUnreachable
from voicechat_tui.ui.controllers.poller import ChatListPoller

URL = "ws://voice.example"


async def outcomes(backend: StagedBackend, *later: VoicechatError | None) -> list[Message]:
    """Return what is reported of polls that somebody always asks for at once.

    Args:
        backend: What is asked first.
        later: What goes wrong in the polls after the first; None if nothing does.
    """
    poller = ChatListPoller(backend, USER, local_state())
    said: list[Message] = []
    problems = iter(later)
    enough = asyncio.Event()

    def hear(message: Message) -> None:
        said.append(message)
        try:
            backend.listed = next(problems) or []
        except StopIteration:
            enough.set()
        else:
            poller.ask_now()

    polling = asyncio.create_task(poller.run(hear))
    await enough.wait()
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    return said


def pauses(messages: list[Message]) -> list[float | None]:
    return [message.in_s for message in messages if isinstance(message, ChatsUnreachable)]


@pytest.mark.parametrize(
    "error",
    [forbidden(URL, None), VoicechatError(ErrorCode.INTERNAL, "It failed.", "Look at its log.")],
    ids=["forbidden", "fault"],
)
async def test_who_is_refused_asks_more_and_more_seldom(error: VoicechatError) -> None:
    assert pauses(await outcomes(StagedBackend(error), *[error] * 8)) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_who_gets_no_answer_goes_on_asking() -> None:
    error = unreachable(URL, "connection refused", None)
    assert pauses(await outcomes(StagedBackend(error), *[error] * 6)) == [1, 2, 4, 8, 8, 8, 8]


async def test_who_is_let_in_asks_as_often_as_before() -> None:
    error = forbidden(URL, None)
    messages = await outcomes(StagedBackend(error), error, None, error)
    assert [type(message) for message in messages] == [ChatsUnreachable] * 2 + [ChatsListed, ChatsUnreachable]
    assert pauses(messages) == [1, 2, 1]
