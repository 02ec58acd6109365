"""A question for one line of text."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.widgets import Input, Static

from voicechat_tui.language import _
from voicechat_tui.ui.screens.window import InputWindow


class Ask(InputWindow[str]):
    """Asks for a text.

    Args:
        title: The title in the frame.
        question: What is asked.
        value: The initial text.
        wrong: Returns what is wrong with a text, or an empty string; called with every key.
    """

    def __init__(self, title: str, question: str, value: str, wrong: Callable[[str], str]) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._value = value
        self._wrong = wrong

    def title_text(self) -> str:
        """Return the title in the frame."""
        return self._title

    def closing_text(self) -> str:
        """Return how the question is answered."""
        return _("enter: save   esc: close")

    def compose_content(self) -> ComposeResult:
        """Compose the question."""
        yield Static(self._question, markup=False)
        yield Input(self._value)
        yield Static(id="wrong", markup=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong with what is written so far."""
        event.stop()
        self.query_one("#wrong", Static).update(self._wrong(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, unless something is wrong."""
        event.stop()
        if not self._wrong(event.value):
            self.dismiss(event.value.strip())
