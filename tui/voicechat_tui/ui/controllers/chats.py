"""What can be done with chats: open, leave, send, load older messages, export, end."""

import asyncio
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.chat import ChatEnded, ChatError, ChatStatus
from voicechat_common.protocol.chat_http import ExportFormat
from voicechat_tui.client.chat.events import (
    Acked,
    CaughtUp,
    ChatEvent,
    Failed,
    HistoryRestarted,
    PresenceChanged,
    Refused,
    Resumed,
)
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.connection.failures import server_words
from voicechat_tui.files.new_file import create, safe_name
from voicechat_tui.language import _, is_long_id
from voicechat_tui.ui.backend.chat_session import ChatSession
from voicechat_tui.ui.background import STEP
from voicechat_tui.ui.controllers.messages import ChatEventArrived
from voicechat_tui.ui.model.conversation import Conversation
from voicechat_tui.ui.model.status import ConnectionState, ConnectionStatus, Waiting
from voicechat_tui.ui.protocols import Voicechat
from voicechat_tui.ui.screens.chat import ChatScreen
from voicechat_tui.ui.screens.confirm import Confirm

HISTORY = 200
"""Messages loaded when a chat is opened, and in each page of older ones."""
KEPT = 8
"""Conversations kept for reopening without loading; the one left first is dropped first."""


class ChatController:
    """The open chats, and those left recently.

    Args:
        app: The app whose state this is a part of.
    """

    def __init__(self, app: Voicechat) -> None:
        self._app = app
        self._open: dict[str, ChatSession] = {}
        self._left: dict[str, Conversation] = {}
        self._loading: set[str] = set()

    @property
    def screen(self) -> ChatScreen | None:
        """The screen of the chat that is shown, behind whatever modal."""
        screens = [screen for screen in self._app.screen_stack if isinstance(screen, ChatScreen)]
        return screens[-1] if screens else None

    @property
    def shown(self) -> ChatSession | None:
        """The chat that is shown."""
        return self.screen.session if self.screen else None

    @property
    def waiting(self) -> Waiting | None:
        """Own texts that wait: in the chat that is shown, or else in all open ones."""
        sessions = [self.shown] if self.shown else list(self._open.values())
        found = [waiting for each in sessions if (waiting := each.waiting(self._app.clock()))]
        if not found:
            return None
        oldest = min(found, key=lambda waiting: waiting.since)
        return replace(oldest, texts=sum(waiting.texts for waiting in found))

    def open_chat(self, chat_id: str) -> None:
        """Show a chat and be in it."""
        if (session := self._open.get(chat_id)) is None:
            session = self._open[chat_id] = self._enter(chat_id)
        self._app.push_screen(ChatScreen(session))

    def _enter(self, chat_id: str) -> ChatSession:
        app = self._app
        known = {chat.chat_id: chat for chat in app.local.remembered.chats}.get(chat_id)
        conversation = self._left.pop(chat_id, None) or Conversation(app.user, app.now)
        since = conversation.last_seq or max(0, (known.message_count if known else 0) - HISTORY)
        title = known.title if known else chat_id
        ended = known is not None and known.status is ChatStatus.ENDED
        session = ChatSession(chat_id, title, conversation, app.local.unsent(chat_id), ended=ended)
        self._start(session, since)
        return session

    def _start(self, session: ChatSession, since: int) -> None:
        self._app.in_background(partial(self._live, session, since), name=session.chat_id, group="chats")

    async def _live(self, session: ChatSession, since: int) -> None:
        app = self._app
        try:
            await app.backend.prepare()
        except VoicechatError as error:
            session.connection = ConnectionStatus(
                ConnectionState.FAILED, reason=error.message, advice=error.advice
            )
            app.report_error(_("The chat can't be reached"), error)
            return
        await asyncio.to_thread(import_module, "voicechat_tui.ui.controllers.voice")
        if self.shown is session:
            self._listen(session)
        await session.run(
            lambda seq: app.backend.join(session.chat_id, app.user, seq),
            since,
            lambda event: app.post_message(ChatEventArrived(session, event)),
        )

    def _listen(self, session: ChatSession) -> None:
        """Let a warm microphone warm up for a chat, unless it has ended."""
        if session.ended:
            self._app.voice.leave()
        else:
            self._app.voice.enter()

    def create_chat(self, title: str) -> None:
        """Create a chat and open it."""
        self._app.in_background(partial(self._create, title), group=STEP)

    async def _create(self, title: str) -> None:
        app = self._app
        try:
            chat = await app.backend.create_chat(app.user, title)
        except VoicechatError as error:
            app.report_error(_("The chat could not be created"), error)
            return
        self.open_chat(chat.chat_id)
        await app.update_chats()

    def leave_chat(self, session: ChatSession) -> None:
        """Go back to the list. The chat stays open in the background while texts wait to be stored."""
        self._app.pop_screen()
        self._app.voice.leave()
        if not session.unsent:
            self._close(session)
        self._app.save_local()
        self._app.show_status()

    def leave_server(self) -> str | None:
        """Leave every chat, because the server changes; return the id of the one that was shown."""
        shown = self.shown
        while self.screen is not None:
            self._app.pop_screen()
        if shown is not None:
            self._app.voice.leave()
        for session in list(self._open.values()):
            self._close(session)
        self._left.clear()
        self._app.save_local()
        return None if shown is None else shown.chat_id

    def _close(self, session: ChatSession) -> None:
        del self._open[session.chat_id]
        self._left[session.chat_id] = session.conversation
        if len(self._left) > KEPT:
            del self._left[next(iter(self._left))]
        for worker in self._app.workers:
            if worker.group == "chats" and worker.name == session.chat_id:
                worker.cancel()

    def retry_now(self) -> None:
        """Reconnect every chat now, also those whose connection had failed for good."""
        for session in self._open.values():
            if session.link is not None:
                session.link.retry_now()
            elif session.connection.state is ConnectionState.FAILED:
                session.connection = ConnectionStatus()
                self._start(session, session.conversation.last_seq)

    def handle_event(self, session: ChatSession, event: ChatEvent) -> None:
        """Handle an event of a chat."""
        app = self._app
        had_ended = session.ended
        changed = session.apply(event, app.clock())
        if session.ended is not had_ended and self.shown is session:
            self._listen(session)
        if isinstance(event, HistoryRestarted):
            app.local.forget_seen(session.chat_id)
        if isinstance(event, Acked | Refused):
            app.save_local()
        self._say(session, event)
        if self.shown is session and self.screen is not None:
            if changed is not None:
                self.screen.conversation_changed(changed)
            else:
                self.screen.show_chat()
            if isinstance(event, CaughtUp):
                self.screen.draw()
        elif not session.unsent and self._open.get(session.chat_id) is session and self.shown is not session:
            self._close(session)
        app.show_status()

    def _say(self, session: ChatSession, event: ChatEvent) -> None:
        app = self._app
        match event:
            case Retrying(reason=reason):
                app.log_lines.add(f"{session.title}: {reason}", "warning")
            case Resumed(missed=missed):
                app.announce(_("Connected again"), _("{count} messages came meanwhile.", count=missed))
            case Failed():
                app.report_error(_("The chat can't be reached"), event.error())
            case Refused(content=content):
                if self.screen is not None and self.shown is session:
                    self.screen.take_back(content)
                app.announce(
                    _("Not sent"), " ".join(server_words(event.code, event.message, event.advice)), "error"
                )
            case ChatError():
                words = server_words(event.code, event.message, event.advice)
                app.announce(_("The server says"), " ".join(words), "error")
            case ChatEnded(ended_by=ended_by):
                app.announce(_("The chat has ended"), _("{name} has ended it.", name=ended_by), "warning")
            case PresenceChanged(user=user, is_present=is_present):
                came = _("{name} has joined", name=user) if is_present else _("{name} has left", name=user)
                app.log_lines.add(f"{session.title}: {came}")
            case _:
                pass

    def send_text(self, session: ChatSession, text: str) -> bool:
        """Send a text; return whether it was accepted."""
        try:
            changed = session.say(text)
        except VoicechatError as error:
            self._app.report_error(_("Not sent"), error)
            return False
        self._app.save_local()
        self._app.show_status()
        if changed is not None and self.screen is not None:
            self.screen.conversation_changed(changed)
            self.screen.draw()
        return True

    def load_older(self, session: ChatSession) -> None:
        """Load messages from before the first one that is shown."""
        first = session.conversation.first_seq
        if first > 1 and session.chat_id not in self._loading:
            self._loading.add(session.chat_id)
            self._app.in_background(partial(self._load_older, session, first), group=STEP)

    async def _load_older(self, session: ChatSession, first: int) -> None:
        since = max(0, first - 1 - HISTORY)
        try:
            page = await self._app.backend.page(session.chat_id, since, first - 1 - since)
        except VoicechatError as error:
            self._app.report_error(_("Earlier messages could not be read"), error)
        else:
            added = session.conversation.add_older(page.messages)
            if self.shown is session and self.screen is not None:
                self.screen.older_came(session.conversation.rows()[:added])
        finally:
            self._loading.discard(session.chat_id)

    def export_chat(self, session: ChatSession) -> None:
        """Write a chat to a file."""
        self._app.in_background(partial(self._export, session), group="calls")

    async def _export(self, session: ChatSession) -> None:
        app = self._app
        # An id that a person chose is a good file name; one the server made up means nothing.
        name = session.title if is_long_id(session.chat_id) else session.chat_id
        wanted = Path(f"{safe_name(name)}.md")
        try:
            content = await app.backend.export(session.chat_id, ExportFormat.MD)
            path = await asyncio.to_thread(create, wanted, content)
        except VoicechatError as error:
            app.report_error(_("The chat could not be saved"), error)
        else:
            app.announce(_("Chat saved"), str(path.absolute()))

    def end_chat(self, session: ChatSession) -> None:
        """End a chat, after a question."""
        question = _("End “{title}” for everybody and for good?", title=session.title)

        def answered(yes: bool | None) -> None:
            if yes and session.link is not None:
                session.link.end_chat()

        self._app.push_screen(Confirm(question), answered)
