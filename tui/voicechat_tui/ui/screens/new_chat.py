"""The question for a new chat's title, or for the id of one that is there."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import TypeAdapter, ValidationError
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from voicechat_common.names import ChatId, Title
from voicechat_tui.language import _

_TITLE: TypeAdapter[str] = TypeAdapter(Title)
_CHAT_ID: TypeAdapter[str] = TypeAdapter(ChatId)
_JOIN = "#"


@dataclass(frozen=True)
class NewChatAnswer:
    """What was answered.

    Attributes:
        text: The title of a new chat, or the id of one to join.
        joins: Which of the two.
    """

    text: str
    joins: bool


class NewChat(ModalScreen[NewChatAnswer | None]):
    """Asks for a title, or for an id behind a #."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Close")]
    DEFAULT_CSS = """
    NewChat {
        align: center middle;
        & Vertical { width: 60; max-width: 90%; height: auto; padding: 1 2; border: round $primary;
                     background: $surface; }
        & Input { margin: 1 0; border: round $border-blurred; background: $background; }
        & .quiet { color: $text-muted; }
        & #wrong { color: $text-error; height: auto; }
    }
    """

    def compose(self) -> ComposeResult:
        """Compose the question."""
        with Vertical() as box:
            box.border_title = _("New chat")
            yield Static(_("What is it about? Or write # and the id of a chat to join."), markup=False)
            yield Input(placeholder=_("Monday meeting   or   #chat-id"))
            yield Static(id="wrong", markup=False)
            yield Static(_("enter: go   esc: close"), classes="quiet", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, or say what is wrong."""
        text = event.value.strip()
        joins = text.startswith(_JOIN)
        try:
            if joins:
                text = _CHAT_ID.validate_python(text.removeprefix(_JOIN).strip())
            else:
                text = _TITLE.validate_python(text)
        except ValidationError as error:
            self.query_one("#wrong", Static).update(error.errors()[0]["msg"].removeprefix("Value error, "))
            return
        self.dismiss(NewChatAnswer(text, joins))
