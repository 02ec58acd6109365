"""Where a message is written."""

import re
from collections.abc import Collection

from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.events import Key
from textual.message import Message
from textual.widgets import TextArea

from voicechat_common.names import CONTENT_MAX_LENGTH
from voicechat_tui.language import _

SHOWN_FROM = CONTENT_MAX_LENGTH * 9 // 10
"""Number of characters from which the count is shown."""

_LINE_BREAK = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Everything but the line feed that starts a new line for Python, and so for the document."""


class Composer(TextArea):
    """A text area that grows to a few lines. Sending is up to the screen.

    Args:
        reserved: Keys that write nothing.
    """

    DEFAULT_CSS = """
    Composer {
        height: auto;
        max-height: 6;
        border: round $border-blurred;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus { border: round $primary; background-tint: $foreground 0%; }
        & .text-area--cursor-line { background: transparent; }
        border-subtitle-color: $text-warning;
        &.too-long { border-subtitle-color: $text-error; border-subtitle-style: bold; }
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

    def __init__(self, reserved: Collection[str]) -> None:
        super().__init__(
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            placeholder=_("Write a message"),
            highlight_cursor_line=False,
        )
        self._reserved = reserved

    def on_key(self, event: Key) -> None:
        """Leave the keys of actions to the screen; with alt that is every key."""
        if event.key in self._reserved or event.key.startswith("alt+"):
            event.prevent_default()

    def load_text(self, text: str) -> None:
        """Replace the text and its history: undo never brings back what was here before."""
        super().load_text(_LINE_BREAK.sub("\n", text))

    def edit(self, edit: Edit) -> EditResult:
        """Change the text."""
        # With other line breaks, undo merges edits and then miscounts lines.
        edit.text = _LINE_BREAK.sub("\n", edit.text)
        return super().edit(edit)

    def _recompute_cursor_offset(self) -> None:
        # Undo and redo move the cursor last. A scrollbar that appears or goes before that scrolls to where
        # the cursor was, and that line may be gone: https://github.com/Textualize/textual/issues/6686
        self._cursor_offset = self.wrapped_document.location_to_offset(
            self.clamp_visitable(self.cursor_location)
        )

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Translate into a message of its own for the screen."""
        event.stop()
        self._show_length()
        self.post_message(self.Edited(self.text))

    def clear_all(self) -> None:
        """Clear the text; a single undo brings exactly that back."""
        self.history.checkpoint()
        self.clear()
        self.history.checkpoint()

    def _show_length(self) -> None:
        """Show the text's length in the frame once it nears or exceeds the limit of a message."""
        length = len(self.text.strip())
        self.set_class(length > CONTENT_MAX_LENGTH, "too-long")
        said = _("{length} of {limit} characters", length=f"{length:,}", limit=f"{CONTENT_MAX_LENGTH:,}")
        self.border_subtitle = said if length >= SHOWN_FROM else ""
