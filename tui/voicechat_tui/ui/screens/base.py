"""What the app's own screens share: their keys, their last two lines, and access to the app."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from voicechat_tui.language import _
from voicechat_tui.ui.keys.actions import Context
from voicechat_tui.ui.protocols import Voicechat, voicechat_of
from voicechat_tui.ui.screens.present import Present, while_here
from voicechat_tui.ui.widgets.hints import Hints
from voicechat_tui.ui.widgets.status_line import StatusLine

LEAST_WIDTH = 30
LEAST_HEIGHT = 8


class AppScreen(Present[None]):
    """A screen with the status line and the hints at its bottom.

    Attributes:
        CONTEXT: Which actions are its own.
    """

    CONTEXT: ClassVar[Context] = Context.APP
    DEFAULT_CSS = """
    AppScreen {
        background: $background;
        & #too-small { display: none; width: 1fr; height: 1fr; content-align: center middle;
                       text-align: center; }
        & #head { height: 1; padding: 0 1; background: $panel; }
        & #nothing { height: 1fr; display: none; padding: 1 2; content-align: center middle;
                     text-align: center; color: $text-muted; }
        &.empty #nothing { display: block; }
        & #whole { height: 1fr; }
        & #foot { height: auto; dock: bottom; }
        &.too-small #too-small { display: block; }
        &.too-small #whole { display: none; }
        &.too-small #foot { display: none; }
    }
    """

    @property
    def voicechat(self) -> Voicechat:
        """The app."""
        return voicechat_of(self)

    def compose(self) -> ComposeResult:
        """Put the screen's own part above the two lines."""
        with Vertical(id="whole"):
            yield from self.compose_content()
        with Vertical(id="foot"):
            yield StatusLine(self.voicechat.clock)
            yield Hints(self.voicechat.keys, self.CONTEXT)
        yield Static(id="too-small")

    def compose_content(self) -> ComposeResult:
        """Compose the screen's own part."""
        yield from ()

    def on_resize(self) -> None:
        """Say which size is needed if the terminal is too small."""
        width, height = self.size
        small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        self.set_class(small, "too-small")
        if small:
            needed = _("needs {width}x{height}", width=LEAST_WIDTH, height=LEAST_HEIGHT)
            self.query_one("#too-small", Static).update(f"voicechat\n{needed},\n{_('has')} {width}x{height}")

    def on_mouse_down(self) -> None:
        """Note the click: no key is held down any more."""
        self.voicechat.turns.clicked()

    @while_here
    def show_status(self) -> None:
        """Redraw the status line."""
        self.query_one(StatusLine).status = self.voicechat.status
