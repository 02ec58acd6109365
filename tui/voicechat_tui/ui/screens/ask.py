"""A question for one line of text."""

from textual.app import ComposeResult
from textual.widgets import Input, Static

from voicechat_tui.language import _
from voicechat_tui.ui.screens.window import Window


class Ask(Window[str]):
    """Asks for a text.

    Args:
        title: What stands in the frame.
        question: What is asked.
        value: What is there already.
    """

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    Ask > Vertical { width: 64; }
    """

    def __init__(self, title: str, question: str, value: str) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._value = value

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return self._title

    def closing_text(self) -> str:
        """Return how the question is answered."""
        return _("enter: save   esc: close")

    def compose_content(self) -> ComposeResult:
        """Compose the question."""
        yield Static(self._question, markup=False)
        yield Input(self._value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.value.strip())
