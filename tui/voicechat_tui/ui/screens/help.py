"""The help: what can be done here, with its keys."""

from collections.abc import Iterable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from voicechat_tui.language import _, mark
from voicechat_tui.ui.keys.actions import Action, Context, actions_of
from voicechat_tui.ui.keys.keymap import Keymap, key_label
from voicechat_tui.ui.screens.window import Window

_HEADINGS = {
    Context.CHAT: mark("In a chat"),
    Context.CHATS: mark("In the list of chats"),
    Context.APP: mark("Everywhere"),
}
ABOUT_FOCUS = {
    "Composer": mark("You are writing. Tab leads to the conversation, where arrows mark a message."),
    "Timeline": mark("You are reading the conversation. Arrows mark a message, tab leads back to writing."),
    "ChatList": mark("You are in the list of chats. Arrows mark a chat, enter opens it."),
    "Input": mark("You are searching. Down leads to the list, esc clears the search."),
}
SIGNS = (
    ("│", mark("typed")),
    ("┃", mark("spoken")),
    ("●", mark("being spoken; what may still change is dim")),
    ("…", mark("sent, not stored yet")),
    ("✗", mark("not accepted by the server")),
)
_KEY_CELLS = 18


class Help(Window[None]):
    """All actions of a screen and of the app.

    Args:
        keymap: The keys in use.
        context: Of which screen.
        focus: The kind of widget that has the focus.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"help--key"}
    DEFAULT_CSS = """
    Help {
        & .help--key { color: $text-accent; text-style: bold; }
        & .heading { margin-top: 1; color: $text-primary; text-style: bold; }
        & .about { color: $text-success; }
    }
    """

    def __init__(self, keymap: Keymap, context: Context, focus: str) -> None:
        super().__init__()
        self._keymap = keymap
        self._about = ABOUT_FOCUS.get(focus)
        self._contexts = (context, Context.APP)

    def begin(self) -> None:
        """Follow a change of the colours, which the table of keys has its own of."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh(recompose=True))

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return _("Help")

    def compose_content(self) -> ComposeResult:
        """Compose a section for the screen, one for the app, and one for the signs."""
        if self._about:
            yield Static(_(self._about), classes="about", markup=False)
        for context in self._contexts:
            yield Static(_(_HEADINGS[context]), classes="heading", markup=False)
            lines = [(self._keys(action), _(action.help)) for action in actions_of(context)]
            yield Static(self._table(lines))
        if Context.CHAT in self._contexts:
            yield Static(_("Signs before a text"), classes="heading", markup=False)
            yield Static(self._table([(sign, _(meaning)) for sign, meaning in SIGNS]))

    def _keys(self, action: Action) -> str:
        return "  ".join(key_label(key) for key in self._keymap.keys(action))

    def _table(self, lines: Iterable[tuple[str, str]]) -> Table:
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(width=_KEY_CELLS, style=self.get_component_rich_style("help--key", partial=True))
        table.add_column(ratio=1)
        for label, text in lines:
            table.add_row(Text(label), Text(text))
        return table
