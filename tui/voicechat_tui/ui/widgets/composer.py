"""Where a message is written."""

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import TextArea

from voicechat_common.names import CONTENT_MAX_LENGTH
from voicechat_tui.language import _


class Composer(TextArea):
    """A text that grows to a few lines while it is written. What sends it is the screen's business."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    Composer {
        height: auto;
        max-height: 6;
        border: round $border-blurred;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus { border: round $primary; }
        & .text-area--cursor-line { background: transparent; }
    }
    """

    class Edited(Message):
        """The text has changed.

        Attributes:
            text: What it is now.
        """

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            placeholder=_("Write a message"),
            highlight_cursor_line=False,
        )

    def take(self) -> str:
        """Return the text to be sent and begin a new one; too long a text stays, and is returned as empty."""
        text = self.text.strip()
        if text and len(text) <= CONTENT_MAX_LENGTH:
            self.clear()
            return text
        return ""

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell the screen in words of its own."""
        event.stop()
        self.post_message(self.Edited(self.text))
