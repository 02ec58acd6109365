"""Asking for the list of chats: again and again while the server is away, not where a person has to act."""

import asyncio

import pytest
from textual.message import Message

from tests.support.staged import StagedBackend
from tests.support.waiting import WITHIN_S
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat_http import ChatSummary
from voicechat_tui.ui.controllers.messages import ChatsUnreachable
from voicechat_tui.ui.controllers.poller import ChatListPoller
from voicechat_tui.ui.memory.local_state import LocalState


class Refusing(StagedBackend):
    """A server that refuses every call."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__()
        self.code = code
        self.asked = 0

    async def chats(self, user: str) -> list[ChatSummary]:
        self.asked += 1
        raise VoicechatError(self.code, "No.", "Do something.")


@pytest.mark.parametrize(
    ("code", "is_lasting"),
    [
        (ErrorCode.UNAUTHORIZED, True),
        (ErrorCode.FORBIDDEN, True),
        (ErrorCode.WRONG_NAME, True),
        (ErrorCode.SERVER_UNREACHABLE, False),
        (ErrorCode.STORAGE, False),
    ],
)
async def test_who_is_refused_is_asked_for_again_only_on_request(code: ErrorCode, is_lasting: bool) -> None:
    backend = Refusing(code)
    poller = ChatListPoller(backend, "anna", LocalState(None, "server", "anna"))
    told: list[Message] = []
    polling = asyncio.create_task(poller.run(told.append))
    try:
        async with asyncio.timeout(WITHIN_S):
            await poller.has_asked.wait()
            await poller.ask()
    finally:
        polling.cancel()
    assert backend.asked == len(told) == 2
    for message in told:
        assert isinstance(message, ChatsUnreachable)
        assert (message.in_s is None) is is_lasting
