"""The list of chats with their last messages."""

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from voicechat_tui.language import _
from voicechat_tui.ui.model.chats import ChatItem, clock
from voicechat_tui.ui.model.names import fitted

_FRAME = 2


class ChatList(OptionList):
    """Chats, two lines each: title, time and unread count; the last message."""

    DEFAULT_CSS = """
    ChatList {
        border: none;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background-tint: $foreground 0%; }
        & > .option-list--option-highlighted { background: $panel; text-style: none; }
        &:focus > .option-list--option-highlighted { background: $primary 30%; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._items: Sequence[ChatItem] = ()
        self._now: datetime | None = None
        self._drawn_for = 0

    @property
    def chosen(self) -> str | None:
        """The id of the chat that is marked."""
        return None if self.highlighted is None else self._items[self.highlighted].chat_id

    def show(self, items: Sequence[ChatItem], now: datetime) -> None:
        """Show chats; the marked one stays marked."""
        chosen = self.chosen
        self._items, self._now = items, now
        self._draw(chosen)

    def on_resize(self) -> None:
        """Lay the lines out for another width."""
        if self.size.width != self._drawn_for:
            self._draw(self.chosen)

    def _draw(self, chosen: str | None) -> None:
        self._drawn_for = self.size.width
        if self._now is None or not self._drawn_for:
            return
        width = self.scrollable_content_region.width - _FRAME
        self.set_options([Option(_two_lines(item, self._now, width)) for item in self._items])
        ids = [item.chat_id for item in self._items]
        if ids:
            self.highlighted = ids.index(chosen) if chosen in ids else 0


def _two_lines(item: ChatItem, now: datetime, width: int) -> Content:
    time = clock(item.at, now)
    unread = f" {item.unread} " if item.unread else ""
    ended = f" {_('ended')}" if item.ended else ""
    room = width - cell_len(time) - cell_len(unread) - cell_len(ended) - 2
    title = fitted(item.title, room)
    last = f"✎ {_('draft')}  {item.last}" if item.drafted else item.last or _("nothing said yet")
    last = fitted(last, width)
    gap = " " * max(1, width - cell_len(title) - cell_len(ended) - cell_len(time) - cell_len(unread) - 1)
    return Content.assemble(
        (title, "bold" if item.unread else ""),
        (ended, "dim italic"),
        gap,
        (unread, "bold reverse $text-accent"),
        " ",
        (time, "dim"),
        "\n",
        (last, "dim"),
    )
