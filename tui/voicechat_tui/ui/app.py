"""The app: holds the state, and connects screens, workers and actions."""

import asyncio
import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import BindingType
from textual.screen import Screen

from voicechat_common.errors import VoicechatError
from voicechat_tui.client.connection.address import server_name
from voicechat_tui.language import _
from voicechat_tui.redaction import shown
from voicechat_tui.settings.loading import Loaded, Source, load
from voicechat_tui.settings.model import variable
from voicechat_tui.settings.writing import Value, change
from voicechat_tui.ui.appearance.themes import chosen
from voicechat_tui.ui.backend.server import Backend, ServerBackend
from voicechat_tui.ui.background import STEP
from voicechat_tui.ui.base_app import BaseApp
from voicechat_tui.ui.controllers.messages import (
    ChatEventArrived,
    ChatsListed,
    ChatsUnreachable,
    VoiceEventArrived,
)
from voicechat_tui.ui.controllers.poller import ChatListPoller
from voicechat_tui.ui.keys.actions import Context
from voicechat_tui.ui.keys.keymap import bindings
from voicechat_tui.ui.memory.local_state import THIS_MACHINE, LocalState
from voicechat_tui.ui.model.status import ConnectionState, ConnectionStatus, Status
from voicechat_tui.ui.screens.base import AppScreen
from voicechat_tui.ui.screens.chats import ChatsScreen
from voicechat_tui.ui.screens.devices import DevicesWindow
from voicechat_tui.ui.screens.settings import SettingsWindow

if TYPE_CHECKING:
    from voicechat_tui.ui.backend.sound import Sound
    from voicechat_tui.ui.controllers.chats import ChatController
    from voicechat_tui.ui.controllers.voice import VoiceController


MakeLocal = Callable[[Callable[[str], None]], Backend]
"""Makes a backend that calls back with its address once its server answers."""


def local_now() -> datetime:
    """Return the time of day here."""
    return datetime.now().astimezone()


ScreenT = TypeVar("ScreenT", bound=AppScreen)


class VoicechatApp(BaseApp):
    """The terminal client.

    Args:
        loaded: What the person has set.
        backend: The server and the sound.
        user: Who the person is on the server.
        local: What is remembered between runs.
        sound: The machine's microphones; the real ones unless given.
        make_local: Makes the backend of a server on this machine; None if none can be started.
        local_at_once: Whether to start that server at once.
        chat_id: A chat to open at once.
        options: The settings that the command line has given.
        name_on: Returns who the person is on another server, by its address; the same name unless given.
        clock: Steady seconds.
        now: The time of day in the zone to be shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Context.APP)]

    def __init__(
        self,
        loaded: Loaded,
        backend: Backend,
        user: str,
        local: LocalState,
        *,
        sound: "Sound | None" = None,
        make_local: MakeLocal | None = None,
        local_at_once: bool = False,
        chat_id: str | None = None,
        options: Mapping[str, str | None] | None = None,
        name_on: Callable[[str], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        super().__init__(loaded, local, clock, now)
        self.backend = backend
        self.user = user
        self._chats: ChatController | None = None
        self.poller = ChatListPoller(backend, user, local)
        self._sound = sound
        self._makes_local = make_local
        self._make_local = make_local
        self._options = dict(options or {})
        self._name_on = name_on or (lambda _server: user)
        self._saving_settings = asyncio.Lock()
        self._begins_local = local_at_once
        self._voice: VoiceController | None = None
        self.reason = ""
        self._first_chat = chat_id
        self._connection = ConnectionStatus()

    @property
    def joining(self) -> object | None:
        """The chat that is shown, until its history is here or it turns out to be unreachable."""
        session = self._chats.shown if self._chats else None
        return session if session is not None and session.is_joining else None

    @property
    def status(self) -> Status:
        """The status line's content: for the open chat, or else for the list."""
        session = self._chats.shown if self._chats else None
        connection = self._connection if session is None else session.connection
        voice = self._voice.status if self._voice else Status()
        return replace(
            voice,
            connection=connection.state,
            retry_at=connection.retry_at,
            reason=connection.reason,
            network_ms=connection.network_ms,
            texts=self._chats.waiting if self._chats else None,
        )

    def get_default_screen(self) -> Screen[None]:
        """Start with the list of chats."""
        return ChatsScreen()

    def on_mount(self) -> None:
        """Draw first, then start."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Request the chats, open the one that was named, and report problems with the settings."""
        gc.enable()  # `commands.open` has turned it off until here.
        if self._begins_local:
            self.start_local()
        else:
            self.in_background(partial(self.poller.run, self.post_message), group="poller")
        if self._first_chat is not None:
            self.chats.open_chat(self._first_chat)
        if self.loaded.problem is not None:
            self.report_error(_("Settings"), self.loaded.problem)
        if self.local.problem is not None:
            self.report_error(_("Drafts"), self.local.problem)
        for problem in self.keys.problems:
            self.announce(_("Settings"), problem, "warning")
        self.in_background(self.poller.has_asked.wait, group=STEP)
        self.in_background(self.turns.run, group="turns")

    @property
    def can_start_local(self) -> bool:
        """Whether a server on this machine would help, and can be started."""
        return self._make_local is not None and self._connection.state is ConnectionState.RETRYING

    def start_local(self) -> None:
        """Switch to a server on this machine, because the other one can't be reached."""
        if self._make_local is None:
            return
        backend, self._make_local = self._make_local(self.local_server_started), None
        self._take_server(backend, THIS_MACHINE, _("Starting a server on this machine…"), self.user)

    def _take_server(self, backend: Backend, server: str, reason: str, user: str) -> None:
        """Switch to another server; the open chat is looked for there."""
        self.in_background(self.backend.aclose, group="calls")
        self.backend = backend
        chat_id = None if self._chats is None else self._chats.leave_server()
        self.user = user
        self.local.move_to(server, user)
        self._connection = ConnectionStatus()
        self.reason = reason
        self.poller = ChatListPoller(backend, self.user, self.local)
        self.in_background(partial(self.poller.run, self.post_message), group="poller", exclusive=True)
        if chat_id is not None:
            self.chats.open_chat(chat_id)
        self._show_chats()

    def local_server_started(self, url: str) -> None:
        """Switch to the server on this machine, and say what it can do."""
        from voicechat_tui.local_server.installation import DEMO_MODEL

        self.settings = self.settings.model_copy(update={"url": url})
        self.announce(_("A server runs on this machine"), _(DEMO_MODEL))

    async def on_unmount(self) -> None:
        """Deliver what was said last, and close the HTTP connections."""
        if self._voice is not None:
            await self._voice.end()
        await self.backend.aclose()

    @property
    def unheard_ms(self) -> int:
        """Milliseconds of speech that did not reach the server before the app ended."""
        return 0 if self._voice is None else self._voice.unheard_ms

    async def update_chats(self) -> None:
        """Ask the server for the chats now, and wait for the outcome."""
        await self.poller.ask()

    def show_status(self) -> None:
        """Redraw the status line wherever it is visible."""
        for screen in self._drawable(AppScreen):
            screen.show_status()

    @property
    def chats(self) -> "ChatController":
        """The open chats. Their imports wait for the first one, after the first frame is drawn."""
        from voicechat_tui.ui.controllers.chats import ChatController

        if self._chats is None:
            self._chats = ChatController(self)
        return self._chats

    @property
    def voice(self) -> "VoiceController":
        """The person's own voice. Its imports wait for the first chat, after the first frame is drawn."""
        from voicechat_tui.ui.controllers.voice import VoiceController

        if self._voice is None:
            self._voice = VoiceController(self, self._sound)
        return self._voice

    # What workers report

    def on_chats_listed(self, message: ChatsListed) -> None:
        """Show the chats as they are now."""
        self._connection = ConnectionStatus(ConnectionState.CONNECTED)
        self.reason = ""
        self.local.remembered.chats = message.chats
        for chat_id, seq in message.seen.items():
            self.local.keep_seen(chat_id, seq)
        self.local.keep_spoken(message.spoken)
        self._show_chats()

    def on_chats_unreachable(self, message: ChatsUnreachable) -> None:
        """Say why there is no list, and when the next attempt is due."""
        if self._connection.state is not ConnectionState.RETRYING:
            self.log_lines.add(str(message.error), "warning")
        state, in_s = ConnectionState.RETRYING, message.in_s
        if in_s is None:
            state, in_s = ConnectionState.FAILED, 0.0
        self._connection = ConnectionStatus(
            state, self.clock() + in_s, reason=message.error.message, advice=message.error.advice
        )
        self.reason = str(message.error)
        self._show_chats()

    def _show_chats(self) -> None:
        self.show_status()
        for screen in self._drawable(ChatsScreen):
            screen.show_chats()

    def _drawable(self, kind: type[ScreenT]) -> list[ScreenT]:
        """The open screens of a type; none while the app ends, because it takes its screens apart first."""
        stack = self.screen_stack if self.is_running else []
        return [screen for screen in stack if isinstance(screen, kind) and screen.is_mounted]

    def on_chat_event_arrived(self, message: ChatEventArrived) -> None:
        """Pass it to the controller of the chats."""
        self.chats.handle_event(message.session, message.event)

    def on_voice_event_arrived(self, message: VoiceEventArrived) -> None:
        """Pass it to the controller of the voice."""
        self.voice.handle_event(message.session, message.event)

    # What a person does anywhere

    def action_devices(self) -> None:
        """Choose the microphone."""
        self.push_screen(DevicesWindow())

    def action_settings(self) -> None:
        """Show and change the settings."""
        self.push_screen(SettingsWindow())

    async def save_settings(self, values: Mapping[str, Value | None]) -> None:
        """Write settings into their file, None for the default, and apply them.

        Raises:
            VoicechatError: `bad_setting` if one can't be used, or the file can't be written.
        """
        # One at a time, so that the last request is the one that stays.
        async with self._saving_settings:
            for key, value in values.items():
                await asyncio.to_thread(change, key, value, self.loaded.path)
                # An explicit change overrides what the command line said.
                self._options.pop(key, None)
            loaded = await asyncio.to_thread(load, None, self._options)
            if "url" not in values:
                # Somebody may have edited the file meanwhile; don't switch servers as a side effect.
                same_server = loaded.settings.model_copy(update={"url": self.loaded.settings.url})
                loaded = replace(loaded, settings=same_server)
            self.setting_changed(loaded, await asyncio.to_thread(self._name_on, loaded.settings.url))

    def setting_changed(self, loaded: Loaded, user: str) -> None:
        """Apply the settings that take effect at once.

        Args:
            loaded: The settings.
            user: Who the person is on the server of the settings.
        """
        before, now = self.loaded.settings, loaded.settings
        is_same_server = before.url == now.url
        self.loaded = loaded
        # The address of a server that the app has started itself is in no file.
        self.settings = now.model_copy(update={"url": self.settings.url}) if is_same_server else now
        if before.theme != now.theme:
            self.theme = chosen(now.theme)
        if not is_same_server:
            self._make_local = self._makes_local
            self._take_server(ServerBackend(now.url), server_name(now.url), "", user)
            self.announce(_("Server"), shown(now.url))
        if self._voice is not None and (before.device, before.host_api) != (now.device, now.host_api):
            self._voice.reopen()

    def action_theme(self) -> None:
        """Switch to the next theme, and remember it."""
        super().action_theme()
        if self.loaded.source("theme") is Source.VARIABLE:
            self.announce(
                _("Theme"), _("At the next start, {variable} applies again.", variable=variable("theme"))
            )
        else:
            self.in_background(partial(self._keep_theme, self.theme), group=STEP)

    async def _keep_theme(self, theme: str) -> None:
        try:
            await self.save_settings({"theme": theme})
        except VoicechatError as error:
            self.report_error(_("The theme can't be saved"), error)

    def action_reconnect(self) -> None:
        """Try the server again now."""
        self.poller.ask_now()
        self.chats.retry_now()

    def action_mute(self) -> None:
        """Mute or unmute the microphone; once, however long the key is held down."""
        if not self.turns.is_repeat:
            self.voice.mute()
