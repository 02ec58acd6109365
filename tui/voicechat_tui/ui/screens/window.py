"""A window over the screens, with a title and a line on how it closes."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from voicechat_tui.language import _
from voicechat_tui.ui.screens.present import Present

ResultT = TypeVar("ResultT")


class Window(ModalScreen[ResultT], Present[ResultT]):
    """A window over the screens. The focus returns to where it was."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "close", "Close")]
    DEFAULT_CSS = """
    Window {
        align: center middle;
        background: $background 60%;
        & > Vertical {
            width: 84; max-width: 96%; height: auto; max-height: 92%;
            padding: 0 1; border: round $primary; background: $surface;
            border-title-color: $text-primary; border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        & Input { margin-top: 1; border: round $border-blurred; background: $background; }
        & Input:focus { border: round $primary; background-tint: $foreground 0%; }
        & OptionList { height: auto; max-height: 100%; border: none; background: $surface; padding: 0; }
        & OptionList:focus { border: none; background-tint: $foreground 0%; }
        & OptionList:focus > .option-list--option-highlighted {
            background: $primary 30%; color: $foreground; text-style: none;
        }
        & #content { height: auto; max-height: 1fr; padding: 1; scrollbar-size-vertical: 1; }
    }
    """

    def compose(self) -> ComposeResult:
        """Put the content into a frame."""
        with Vertical() as frame:
            frame.border_title = self.title_text()
            frame.border_subtitle = self.closing_text()
            with VerticalScroll(id="content"):
                yield from self.compose_content()

    def compose_content(self) -> ComposeResult:
        """Compose what is in the window."""
        yield from ()

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return ""

    def closing_text(self) -> str:
        """Return how the window is used and closed."""
        return _("esc: close")

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss(None)


class InputWindow(Window[ResultT]):
    """A window that asks for a line of text, with room for what is wrong with it."""

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    InputWindow {
        & > Vertical { width: 64; }
        & #wrong { color: $text-error; height: auto; }
    }
    """
