"""The question for a new chat's title, or for the id of one that is there."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from textual.app import ComposeResult
from textual.widgets import Input, Static

from voicechat_common.mistakes import reason
from voicechat_common.names import ChatId, Title
from voicechat_tui.language import _, understood
from voicechat_tui.ui.screens.window import InputWindow

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


class NewChat(InputWindow[NewChatAnswer]):
    """Asks for a title, or for an id behind a #."""

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return _("New chat")

    def closing_text(self) -> str:
        """Return how the question is answered."""
        return _("enter: go   esc: close")

    def compose_content(self) -> ComposeResult:
        """Compose the question."""
        yield Static(_("What is it about? Or write # and the id of a chat to join."), markup=False)
        yield Input(placeholder=_("Monday meeting   or   #chat-id"))
        yield Static(id="wrong", markup=False)

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
            self.query_one("#wrong", Static).update(understood(reason(error.errors()[0])))
            return
        self.dismiss(NewChatAnswer(text, joins))
