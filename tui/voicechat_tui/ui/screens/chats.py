"""The list of chats: the first screen."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key
from textual.widgets import Input, OptionList, Static

from voicechat_tui.language import _
from voicechat_tui.redaction import shown
from voicechat_tui.ui.keys.actions import Context
from voicechat_tui.ui.keys.keymap import bindings
from voicechat_tui.ui.model.chats import ChatItem, items
from voicechat_tui.ui.model.status import ConnectionState
from voicechat_tui.ui.screens.base import AppScreen
from voicechat_tui.ui.screens.new_chat import NewChat, NewChatAnswer
from voicechat_tui.ui.screens.present import while_here
from voicechat_tui.ui.widgets.chat_list import ChatList


class ChatsScreen(AppScreen):
    """The chats, a search above them, and what to do if there are none."""

    CONTEXT = Context.CHATS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Context.CHATS)]
    AUTO_FOCUS = "ChatList"
    DEFAULT_CSS = """
    ChatsScreen {
        & #head { text-style: bold; color: $text-primary; }
        & #search { height: 3; margin: 0; border: round $border-blurred; background: $background; }
        & #search:focus { border: round $primary; background-tint: $foreground 0%; }
        & ChatList { height: 1fr; }
        &.empty ChatList { display: none; }
    }
    """

    def compose_content(self) -> ComposeResult:
        """Compose the head, the search and the list."""
        yield Static(f"voicechat · {self.voicechat.user}", id="head", markup=False)
        yield Input(placeholder=_("Search"), id="search")
        yield ChatList()
        yield Static(id="nothing", markup=False)

    def begin(self) -> None:
        """Show what is already known."""
        self.show_chats()

    def on_screen_resume(self) -> None:
        """Show what has changed in the meantime."""
        self.show_chats()
        self.show_status()

    @while_here
    def show_chats(self) -> None:
        """Show the chats as they are known now."""
        app = self.voicechat
        remembered = app.local.remembered
        search = self.query_one("#search", Input).value
        now = app.now()
        found = items(
            remembered.chats, remembered.seen, app.local.written(), now.tzinfo, search, remembered.spoken
        )
        self.set_class(not found, "empty")
        self.query_one("#nothing", Static).update(self._nothing(search))
        self._show(found)

    def _show(self, found: list[ChatItem]) -> None:
        self.query_one(ChatList).show(found, self.voicechat.now())

    def _nothing(self, search: str) -> str:
        keys = self.voicechat.keys
        if search:
            return _("No chat contains “{search}”.", search=search)
        if self.voicechat.status.connection is ConnectionState.CONNECTED:
            return _(
                "You have no chats yet.\n\n{key} begins one, or joins one by its id.",
                key=keys.label("new_chat"),
            )
        reason = self.voicechat.reason
        if reason and self.voicechat.can_start_local:
            offer = _("{key} starts one on this machine, to try it out.", key=keys.label("local_server"))
            return f"{reason}\n\n{offer}"
        return reason or _("Asking {url} for your chats…", url=shown(self.voicechat.settings.url))

    @while_here
    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action is available now."""
        if action == "local_server":
            return self.voicechat.can_start_local
        if action == "open_chat":
            return self.query_one(ChatList).chosen is not None
        return True

    def action_search(self) -> None:
        """Go to the search; from within, start it over."""
        search = self.query_one("#search", Input)
        search.focus()
        search.select_all()

    def action_local_server(self) -> None:
        """Start a server on this machine."""
        self.voicechat.start_local()

    def action_open_chat(self) -> None:
        """Open the marked chat."""
        if chosen := self.query_one(ChatList).chosen:
            self._end_search()
            self.voicechat.chats.open_chat(chosen)

    def action_new_chat(self) -> None:
        """Ask for a title or an id."""
        self.app.push_screen(NewChat(), self._begin)

    @while_here
    def _begin(self, answer: NewChatAnswer | None) -> None:
        if answer is None:
            return
        self._end_search()
        if answer.joins:
            self.voicechat.chats.open_chat(answer.text)
        else:
            self.voicechat.chats.create_chat(answer.text)

    def _end_search(self) -> None:
        """Show all chats again for when the person comes back."""
        self.query_one("#search", Input).clear()
        self.query_one(ChatList).focus()

    def on_input_changed(self) -> None:
        """Search with every key."""
        self.show_chats()

    def on_input_submitted(self) -> None:
        """Open the first chat that was found."""
        self.action_open_chat()

    def on_key(self, event: Key) -> None:
        """Move from the search to the list, or leave the search."""
        search = self.query_one("#search", Input)
        if not search.has_focus:
            return
        if event.key == "escape":
            search.clear()
        if event.key in ("down", "escape"):
            event.stop()
            self.query_one(ChatList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a chat with a click."""
        event.stop()
        self.action_open_chat()
