"""A question with yes or no."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from voicechat_tui.language import _


class Confirm(ModalScreen[bool]):
    """Asks before something that can't be undone.

    Args:
        question: What is asked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(False)", "No"),
        ("n", "dismiss(False)", "No"),
        ("y", "dismiss(True)", "Yes"),
    ]
    AUTO_FOCUS = "#no"
    DEFAULT_CSS = """
    Confirm {
        align: center middle;
        & Vertical { width: 56; max-width: 90%; height: auto; padding: 1 2; border: round $warning;
                     background: $surface; }
        & Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
        & Button { margin-left: 2; }
    }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Compose the question."""
        with Vertical():
            yield Static(self._question, markup=False)
            with Horizontal():
                yield Button(_("No"), id="no", compact=True)
                yield Button(_("Yes"), id="yes", variant="warning", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")
