"""The app without a server: a test tells it what the server would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.screen import Screen

from tests.support.staged_sound import StagedSound
from tests.support.waiting import WITHIN_S
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import (
    ChatStatus,
    ConnectionEstablished,
    MessageHistory,
    MessageKind,
    NewMessage,
)
from voicechat_common.protocol.chat_http import ChatDetail, ChatSummary, ExportFormat, HistoryMessage
from voicechat_tui.client.chat.events import (
    Acked,
    CaughtUp,
    ChatEvent,
    Connected,
    MessagePartial,
    MessageStored,
    TextQueued,
)
from voicechat_tui.files import paths
from voicechat_tui.settings.loading import Loaded
from voicechat_tui.settings.model import Settings
from voicechat_tui.ui.app import MakeLocal, VoicechatApp
from voicechat_tui.ui.memory.local_state import LocalState

NOW = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
USER = "alice"
SERVER = "http://voice.example"
CHAT = "monday"
TITLE = "Monday meeting"

AnyScreen = TypeVar("AnyScreen", bound=Screen[Any])


class StagedLink:
    """A live link to a chat whose events a test gives.

    Attributes:
        sent: The texts that were sent, by client_message_id.
        is_typing: What was last told about typing.
        calls: What else was asked for.
    """

    def __init__(self) -> None:
        self.sent: dict[str, str] = {}
        self.is_typing = False
        self.calls: list[str] = []
        self._queue: asyncio.Queue[ChatEvent | None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self.calls.append("enter")
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.calls.append("leave")

    async def events(self) -> AsyncIterator[ChatEvent]:
        while (event := await self._queue.get()) is not None:
            yield event

    def end(self) -> None:
        """Let nothing more happen."""
        self._queue.put_nowait(None)

    def tell(self, *events: ChatEvent) -> None:
        """Let things happen."""
        for event in events:
            self._queue.put_nowait(event)

    def send(self, text: str, client_message_id: str | None = None) -> str:
        name = client_message_id or f"own-{len(self.sent)}"
        self.sent[name] = text
        self.tell(TextQueued(client_message_id=name, content=text))
        return name

    def typing(self, is_typing: bool) -> None:
        self.is_typing = is_typing

    def end_chat(self) -> None:
        self.calls.append("end_chat")

    def retry_now(self) -> None:
        self.calls.append("retry_now")


@dataclass
class StagedBackend:
    """A server that has what a test gives it.

    Attributes:
        listed: The chats; an error in their place is raised; None lets the caller wait.
        pages: Messages of the chat, for reading back.
        links: The links that were given out, the newest last.
        created: Titles of chats that were asked for.
    """

    listed: list[ChatSummary] | VoicechatError | None = field(default_factory=list)
    pages: list[HistoryMessage] = field(default_factory=list)
    links: list[StagedLink] = field(default_factory=list)
    joined: list[tuple[str, str, int]] = field(default_factory=list)
    created: list[str] = field(default_factory=list)

    async def prepare(self) -> None:
        pass

    async def chats(self, user: str) -> list[ChatSummary]:
        if self.listed is None:
            await asyncio.Event().wait()
        if isinstance(self.listed, VoicechatError):
            raise self.listed
        return list(self.listed or ())

    async def create_chat(self, user: str, title: str) -> ChatDetail:
        self.created.append(title)
        return detail("new-chat", title, [])

    async def page(self, chat_id: str, since: int, limit: int) -> ChatDetail:
        return detail(chat_id, TITLE, self.pages[since : since + limit])

    async def export(self, chat_id: str, form: ExportFormat) -> bytes:
        return f"# {TITLE}\n".encode()

    def join(self, chat_id: str, user: str, since: int) -> StagedLink:
        self.joined.append((chat_id, user, since))
        self.links.append(StagedLink())
        return self.links[-1]

    async def aclose(self) -> None:
        pass


def staged_app(
    backend: StagedBackend | None = None,
    *,
    chat: str | None = None,
    local: LocalState | None = None,
    clock: Callable[[], float] = lambda: 1000.0,
    problem: VoicechatError | None = None,
    sound: StagedSound | None = None,
    make_local: MakeLocal | None = None,
    **settings: object,
) -> VoicechatApp:
    """Return the app in front of a staged server, at a time that stands still."""
    chosen = Settings.model_validate({"theme": "dark", **settings})
    loaded = Loaded(chosen, problem, paths.config_file())
    return VoicechatApp(
        loaded,
        backend or StagedBackend(),
        USER,
        local or local_state(),
        sound=sound or StagedSound(),
        make_local=make_local,
        chat_id=chat,
        clock=clock,
        now=lambda: NOW,
    )


def local_state(path: Path | None = None, server: str = SERVER, user: str = USER) -> LocalState:
    """What the app remembers, of the staged person unless told otherwise."""
    return LocalState(path, server, user)


async def until(pilot: Pilot[None], happened: Callable[[], object]) -> None:
    """Let the app work until something has happened; what is asked of may not be on the screen yet."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(NoMatches):
                if happened():
                    return
            await pilot.pause()


async def shown(pilot: Pilot[None], kind: type[AnyScreen]) -> AnyScreen:
    """Wait for a screen of some kind with everything that is in it."""

    def found() -> AnyScreen | None:
        screen = pilot.app.screen
        return screen if isinstance(screen, kind) and screen.is_mounted else None

    await until(pilot, found)
    screen = found()
    assert screen is not None
    return screen


def connected(*participants: str, owner: str = USER, title: str = TITLE, seq: int = 0) -> Connected:
    """The chat is open."""
    return Connected(established=established(*participants, owner=owner, title=title, seq=seq))


def established(
    *participants: str, owner: str = USER, title: str = TITLE, seq: int = 0
) -> ConnectionEstablished:
    """What the server says first."""
    return ConnectionEstablished(
        chat_id=CHAT,
        user=USER,
        title=title,
        owner=owner,
        status=ChatStatus.ACTIVE,
        seq=seq,
        participants=list(participants or (USER,)),
    )


def caught_up(seq: int = 0) -> CaughtUp:
    return CaughtUp(seq=seq)


def stored(
    seq: int,
    speaker: str,
    content: str,
    *,
    kind: MessageKind = MessageKind.TEXT,
    minutes: float = 0,
    message_id: str | None = None,
    client_message_id: str | None = None,
) -> MessageStored:
    """A message that everybody has."""
    message = MessageHistory(
        message_id=message_id or f"m{seq}",
        seq=seq,
        speaker=speaker,
        kind=kind,
        content=content,
        timestamp=NOW - timedelta(minutes=30 - minutes),
        client_message_id=client_message_id,
    )
    return MessageStored(message=message, seq=seq)


def spoken(speaker: str, content: str, revision: int, message_id: str | None = None) -> MessagePartial:
    """What somebody is saying."""
    return MessagePartial(
        message=NewMessage(
            message_id=message_id or f"speech-{speaker}",
            seq=None,
            speaker=speaker,
            kind=MessageKind.SPEECH,
            content=content,
            is_partial=True,
            revision=revision,
            timestamp=NOW,
        )
    )


def acked(client_message_id: str, seq: int) -> Acked:
    return Acked(client_message_id=client_message_id, message_id=f"m{seq}", seq=seq)


def summary(chat_id: str, title: str, last: str = "", *, minutes: float = 0, count: int = 0) -> ChatSummary:
    """A chat as the server lists it; `last` is `speaker: words`."""
    speaker, _, content = last.partition(": ")
    at = NOW - timedelta(minutes=minutes)
    return ChatSummary(
        chat_id=chat_id,
        title=title,
        status=ChatStatus.ACTIVE,
        owner=USER,
        created_at=at,
        ended_at=None,
        message_count=count,
        last_message=history(max(1, count), speaker, content, at) if last else None,
    )


def history(seq: int, speaker: str, content: str, at: datetime = NOW) -> HistoryMessage:
    return HistoryMessage(
        id=f"m{seq}", seq=seq, speaker=speaker, kind=MessageKind.TEXT, content=content, timestamp=at
    )


def detail(chat_id: str, title: str, messages: list[HistoryMessage]) -> ChatDetail:
    return ChatDetail(
        chat_id=chat_id,
        title=title,
        status=ChatStatus.ACTIVE,
        owner=USER,
        created_at=NOW,
        ended_at=None,
        message_count=len(messages),
        participants=[USER],
        messages=messages,
    )


UNREACHABLE = VoicechatError(
    ErrorCode.SERVER_UNREACHABLE,
    "ws://127.0.0.1:8000/ws can't be reached: nothing listens there (connection refused).",
    "Start the server with `voicechat-server serve`, or name another with --url.",
)
