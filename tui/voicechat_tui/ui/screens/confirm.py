"""A question with yes or no."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from voicechat_tui.language import _
from voicechat_tui.ui.screens.window import Window


class Confirm(Window[bool]):
    """Asks before something that can't be undone.

    Args:
        question: What is asked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("n", "dismiss(False)", "No"), ("y", "dismiss(True)", "Yes")]
    AUTO_FOCUS = "#no"
    DEFAULT_CSS = """
    Confirm {
        & > Vertical { width: 56; border: round $warning; }
        & Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
        & Button { margin-left: 2; }
    }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def closing_text(self) -> str:
        """Return how the question is answered."""
        return _("y: yes   n or esc: no")

    def compose_content(self) -> ComposeResult:
        """Compose the question."""
        yield Static(self._question, markup=False)
        with Horizontal():
            yield Button(_("No"), id="no", compact=True)
            yield Button(_("Yes"), id="yes", variant="warning", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")
