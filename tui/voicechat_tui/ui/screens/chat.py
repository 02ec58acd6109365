"""One chat: who is there, what was said and is being said, and the composer."""

from collections.abc import Sequence
from math import ceil
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import Key, Paste
from textual.timer import Timer
from textual.widgets import Static

from voicechat_tui.language import _
from voicechat_tui.redaction import shown
from voicechat_tui.ui.backend.chat_session import ChatSession
from voicechat_tui.ui.keys.actions import Context
from voicechat_tui.ui.keys.keymap import bindings
from voicechat_tui.ui.model.conversation import Row
from voicechat_tui.ui.model.names import fitted, fitting, least
from voicechat_tui.ui.model.status import ConnectionState
from voicechat_tui.ui.screens.base import AppScreen
from voicechat_tui.ui.screens.present import while_here
from voicechat_tui.ui.timeline.widget import Timeline
from voicechat_tui.ui.widgets.composer import Composer
from voicechat_tui.ui.widgets.status_line import COUNTDOWN_S

FRAME_S = 0.05
"""The conversation is redrawn at most this often, however fast people speak."""
_HEAD_PADDING = 2
_BELOW_PADDING = 4
_GAP = 2


class ChatScreen(AppScreen):
    """A chat.

    Args:
        session: The chat, which outlives the screen.
    """

    CONTEXT = Context.CHAT
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Context.CHAT)]
    AUTO_FOCUS = "Composer"
    DEFAULT_CSS = """
    ChatScreen {
        & Timeline { height: 1fr; }
        & #below { height: 1; padding: 0 2; color: $text-muted; text-style: italic; }
        & #over { height: auto; display: none; padding: 0 2; color: $text-warning; }
        &.ended #over { display: block; }
        &.ended Composer { border: round $border-blurred; color: $text-muted; }
        &.ended.unwritten Composer { display: none; }
        &.empty Timeline { display: none; }
    }
    """

    def __init__(self, session: ChatSession) -> None:
        super().__init__()
        self.session = session
        self._changed_from: int | None = None
        self._frame: Timer | None = None
        self._unseen = 0

    def compose_content(self) -> ComposeResult:
        """Compose the head, the conversation and the composer."""
        yield Static(id="head")
        yield Timeline()
        yield Static(id="nothing", markup=False)
        yield Static(id="below", markup=False)
        yield Static(id="over", markup=False)
        keys = self.voicechat.keys
        yield Composer({*keys.keys("send"), *keys.keys("newline")})

    def begin(self) -> None:
        """Show what is already known, and the draft."""
        self.composer.text = self.voicechat.local.remembered.drafts.get(self.session.chat_id, "")
        self.composer.move_cursor(self.composer.document.end)
        self.timeline.splice(0, self.session.conversation.rows())
        self.show_chat()
        self.set_interval(COUNTDOWN_S, self._count_down)

    def on_resize(self) -> None:
        """Show as many names as fit now."""
        self.show_chat()

    def on_screen_resume(self) -> None:
        """Redraw the status line."""
        self.show_status()

    @property
    def timeline(self) -> Timeline:
        """The conversation."""
        return self.query_one(Timeline)

    @property
    def composer(self) -> Composer:
        """Where messages are written."""
        return self.query_one(Composer)

    # What has changed

    @while_here
    def conversation_changed(self, start: int) -> None:
        """Draw the rows from a place on with the next frame."""
        known = self._changed_from
        self._changed_from = start if known is None else min(known, start)
        if self._frame is None:
            self._frame = self.set_timer(FRAME_S, self.draw)

    @while_here
    def draw(self) -> None:
        """Draw now what has changed."""
        if self._frame is not None:
            self._frame.stop()
            self._frame = None
        start, self._changed_from = self._changed_from, None
        if start is None:
            return
        timeline = self.timeline
        before = len(timeline.rows)
        timeline.splice(min(start, before), self.session.conversation.rows(min(start, before)))
        if not timeline.follows:
            self._unseen += sum(not row.own for row in timeline.rows[before:])
        self.show_chat()

    @while_here
    def show_chat(self) -> None:
        """Show who is there, who is typing, and whether anything was said."""
        session = self.session
        empty = not len(session.conversation)
        self.set_class(empty, "empty")
        if empty:
            self.query_one("#nothing", Static).update(self._nothing())
        self.query_one("#head", Static).update(self._head())
        self.query_one("#below", Static).update(self._below())
        self._show_end()
        if self.timeline.follows:
            self._unseen = 0
            if self.voicechat.local.keep_seen(session.chat_id, session.conversation.last_seq):
                self.voicechat.save_local()

    def _show_end(self) -> None:
        """Hide the composer once the chat has ended, unless something is written in it."""
        ended, composer = self.session.ended, self.composer
        self.set_class(ended, "ended")
        self.set_class(not composer.text, "unwritten")
        composer.read_only = ended
        if not ended:
            return
        written = _("What you wrote can't be sent; {key} clears it.", key=self.voicechat.keys.label("clear"))
        over = _("This chat has ended; {key} goes back to the list.", key=self.voicechat.keys.label("back"))
        self.query_one("#over", Static).update(f"{over} {written}" if composer.text else over)
        if composer.has_focus and not composer.text:
            self.timeline.focus()

    def _head(self) -> Content:
        session = self.session
        ended = f"  {_('ended')}" if session.ended else ""
        room = self.size.width - _HEAD_PADDING - cell_len(ended)
        people = session.participants
        for_people = _GAP + min(least(people), room // 2) if people else 0
        title = fitted(session.title, room - for_people)
        left = room - cell_len(title) - _GAP
        there = " " * _GAP + fitting(people, left) if people else ""
        return Content.assemble((title, "bold $text-primary"), (ended, "$text-warning"), (there, "dim"))

    def _below(self) -> str:
        if not self.timeline.follows:
            key = self.voicechat.keys.label("newest")
            return _("↓ {count} new below, {key} goes there", count=self._unseen, key=key)
        typing = self.session.typing
        if not typing:
            return ""
        say = _one_types if len(typing) == 1 else _several_type
        return fitting(typing, self.size.width - _BELOW_PADDING, say)

    def _nothing(self) -> str:
        keys = self.voicechat.keys
        if not self.session.caught_up:
            return self._not_connected()
        return _(
            "Nothing has been said here yet.\n\nWrite below, or press {key} and speak.",
            key=keys.label("talk"),
        )

    def _not_connected(self) -> str:
        """Say why there is no connection, and when the next attempt is made."""
        connection, key = self.session.connection, self.voicechat.keys.label("reconnect")
        if not connection.reason:
            return _("Connecting to {url}…", url=shown(self.voicechat.settings.url))
        left = ceil(connection.retry_at - self.voicechat.clock())
        if connection.state is ConnectionState.FAILED:
            attempt = _("{key} tries again.", key=key)
        elif left > 0:
            attempt = _("Trying again in {seconds} s; {key} tries now.", seconds=left, key=key)
        else:
            attempt = _("Trying again now…")
        return f"{connection.reason} {connection.advice}\n\n{attempt}"

    @while_here
    def _count_down(self) -> None:
        if self.has_class("empty") and not self.session.caught_up:
            self.query_one("#nothing", Static).update(self._nothing())

    @while_here
    def older_came(self, rows: Sequence[Row]) -> None:
        """Show messages from before the first one."""
        self.timeline.prepend(rows)

    @while_here
    def take_back(self, text: str) -> None:
        """Put a refused text back into the composer, to be corrected."""
        if not self.composer.text.strip():
            self.composer.text = text
            self.composer.move_cursor(self.composer.document.end)

    def on_timeline_reached_top(self) -> None:
        """Load older messages."""
        self.voicechat.chats.load_older(self.session)

    def on_timeline_follow_changed(self) -> None:
        """Show or hide the count of new messages below."""
        self.show_chat()

    # What the person does

    def on_key(self, event: Key) -> None:
        """Write a letter that is typed elsewhere on the screen, without going back to the composer first."""
        if event.is_printable and not event.key.startswith("alt+"):
            self._write(event, Key(event.key, event.character))

    def on_paste(self, event: Paste) -> None:
        """Write what is pasted elsewhere, likewise."""
        self._write(event, Paste(event.text))

    def _write(self, event: Key | Paste, same: Key | Paste) -> None:
        """Pass on input that no widget took, unless the composer has had it already."""
        if self.focused is not self.composer and self.composer.display and not self.session.ended:
            event.stop()
            self.set_focus(self.composer)
            self.composer.post_message(same)

    @while_here
    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action is available now."""
        match action:
            case "send" | "newline":
                return self.focused is self.composer and not self.session.ended
            case "clear":
                return bool(self.composer.text)
            case "copy":
                return bool(self.timeline.rows)
            case "newest":
                return not self.timeline.follows
            case "end_chat":
                return self.session.owner == self.session.conversation.user and not self.session.ended
            case "talk":
                return not self.session.ended
            case _:
                return True

    def on_composer_edited(self, event: Composer.Edited) -> None:
        """Keep the draft, and tell others that one is typing."""
        self.voicechat.local.keep_draft(self.session.chat_id, event.text)
        self.voicechat.save_local()
        if self.session.ended:
            self.show_chat()
        elif self.session.link is not None:
            self.session.link.typing(bool(event.text.strip()))

    def action_talk(self) -> None:
        """Begin to talk, or stop; once, however long the key is held down."""
        if not self.voicechat.turns.is_repeat:
            self.voicechat.voice.toggle(self.session)

    def action_send(self) -> None:
        """Send what was written."""
        text = self.composer.text.strip()
        if text and self.voicechat.chats.send_text(self.session, text):
            self.composer.load_text("")
            self.timeline.show_newest()

    def action_newline(self) -> None:
        """Begin a new line."""
        self.composer.insert("\n")

    def action_clear(self) -> None:
        """Clear all that was written; it can be undone."""
        self.composer.clear_all()

    def action_back(self) -> None:
        """Leave the chat; from the conversation, go back to the composer first."""
        if self.timeline.has_focus and not self.session.ended:
            self.composer.focus()
        else:
            self.voicechat.chats.leave_chat(self.session)

    def action_page_up(self) -> None:
        """Scroll up."""
        self.timeline.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll down."""
        self.timeline.scroll_page_down(animate=False)

    def action_newest(self) -> None:
        """Go to the end."""
        self.timeline.show_newest()

    def action_copy(self) -> None:
        """Copy a message."""
        row = self.timeline.marked or self.timeline.rows[-1]
        self.app.copy_to_clipboard(row.text)
        self.voicechat.announce(_("Copied"), row.text[:60])

    def action_export(self) -> None:
        """Save the chat."""
        self.voicechat.chats.export_chat(self.session)

    def action_end_chat(self) -> None:
        """End the chat, after a question."""
        self.voicechat.chats.end_chat(self.session)


def _one_types(name: str) -> str:
    return _("{name} is typing…", name=name)


def _several_type(names: str) -> str:
    return _("{names} are typing…", names=names)
