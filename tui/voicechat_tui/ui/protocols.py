"""The app as its screens and controllers see it, so that none of them imports the app itself."""

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from datetime import datetime

    from textual.await_complete import AwaitComplete
    from textual.message import Message
    from textual.message_pump import MessagePump
    from textual.notifications import SeverityLevel
    from textual.screen import Screen
    from textual.widget import AwaitMount
    from textual.worker_manager import WorkerManager

    from voicechat_common.errors import VoicechatError
    from voicechat_common.levels import Level
    from voicechat_tui.settings.loading import Loaded
    from voicechat_tui.settings.model import Settings
    from voicechat_tui.settings.writing import Value
    from voicechat_tui.ui.backend.chat_session import ChatSession
    from voicechat_tui.ui.backend.server import Backend
    from voicechat_tui.ui.backend.sound import Sound
    from voicechat_tui.ui.keys.keymap import Keymap
    from voicechat_tui.ui.keys.turns import Turns
    from voicechat_tui.ui.memory.local_state import LocalState
    from voicechat_tui.ui.model.events_log import EventsLog
    from voicechat_tui.ui.model.status import Status

ResultT = TypeVar("ResultT")


class Chats(Protocol):
    """What a person can do with chats."""

    def open_chat(self, chat_id: str) -> None:
        """Join a chat and show it."""

    def create_chat(self, title: str) -> None:
        """Create a chat and open it."""

    def leave_chat(self, session: "ChatSession") -> None:
        """Go back to the list."""

    def send_text(self, session: "ChatSession", text: str) -> bool:
        """Send a text; return whether it was accepted."""

    def load_older(self, session: "ChatSession") -> None:
        """Load messages from before the first one that is shown."""

    def export_chat(self, session: "ChatSession") -> None:
        """Write a chat to a file."""

    def end_chat(self, session: "ChatSession") -> None:
        """End a chat, after a question."""


class OwnVoice(Protocol):
    """The person's own voice."""

    @property
    def sound(self) -> "Sound":
        """The machine's microphones."""

    @property
    def open_device(self) -> "tuple[str, Level | None]":
        """The name of the microphone that is open, and its level; no name if none is open."""

    def enter(self) -> None:
        """Let a warm microphone warm up, because a chat is shown."""

    def leave(self) -> None:
        """Close the microphone, because the chat is left."""

    def toggle(self, session: "ChatSession") -> None:
        """Begin to talk in a chat, or stop."""


class Voicechat(Protocol):
    """The app.

    Attributes:
        user: Who the person is.
        clock: Steady seconds.
        now: The time of day in the zone to be shown.
        loaded: What the person has set.
        settings: The settings in effect.
        local: What is remembered between runs.
        keys: The keys in use.
        turns: The order of what comes from the terminal.
        log_lines: What has happened since the start.
        reason: Why there is no list of chats, or what is done about it; empty if there is one.
        backend: The server.
    """

    user: str
    clock: "Callable[[], float]"
    now: "Callable[[], datetime]"
    loaded: "Loaded"
    settings: "Settings"
    local: "LocalState"
    keys: "Keymap"
    turns: "Turns"
    log_lines: "EventsLog"
    reason: str
    backend: "Backend"

    @property
    def chats(self) -> Chats:
        """What can be done with chats."""

    @property
    def voice(self) -> OwnVoice:
        """The person's own voice."""

    @property
    def status(self) -> "Status":
        """What the status line says now."""

    @property
    def can_start_local(self) -> bool:
        """Whether a server on this machine would help, and can be started."""

    @property
    def screen_stack(self) -> "list[Screen[Any]]":
        """The open screens, the one in front last."""

    @property
    def workers(self) -> "WorkerManager":
        """The work in the background."""

    def push_screen(
        self, screen: "Screen[ResultT]", callback: "Callable[[ResultT | None], None] | None" = None
    ) -> "AwaitMount":
        """Open a screen; the callback gets its result."""

    def pop_screen(self) -> "AwaitComplete":
        """Close the screen in front."""

    def post_message(self, message: "Message") -> bool:
        """Queue a message for the app; return False once it has ended."""

    def in_background(
        self, work: Callable[[], Coroutine[Any, Any, object]], *, group: str, name: str = ""
    ) -> None:
        """Begin some work that ends with the app."""

    def announce(self, title: str, text: str, severity: "SeverityLevel" = "information") -> None:
        """Show a toast, and log it."""

    def report_error(self, title: str, error: "VoicechatError") -> None:
        """Say what went wrong and what to do."""

    def show_status(self) -> None:
        """Draw the status line anew."""

    def save_local(self) -> None:
        """Write soon what is to be remembered."""

    async def save_settings(self, values: "Mapping[str, Value | None]") -> None:
        """Write settings into their file, None for the default, and apply them.

        Raises:
            VoicechatError: `bad_setting` if one can't be used, or the file can't be written.
        """

    def start_local(self) -> None:
        """Start a server on this machine, and use it."""

    async def update_chats(self) -> None:
        """Ask the server for the chats now, and wait for the outcome."""


def voicechat_of(node: "MessagePump") -> Voicechat:
    """Return the app of a widget or screen."""
    return cast("Voicechat", node.app)
