"""The line that always shows whether one is heard: connection, microphone, level, delays."""

from collections.abc import Callable

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from voicechat_tui.ui.keys.actions import BY_ID
from voicechat_tui.ui.model.status import GAP, Status, parts

_STYLES = {
    "ok": "$text-success",
    "bad": "bold $text-error",
    "busy": "$text-warning",
    "quiet": "dim",
    "live": "bold reverse $text-error",
}
COUNTDOWN_S = 0.5


class StatusLine(Widget):
    """The status line. A click on a part does what helps there.

    Args:
        clock: The app's clock, in seconds.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        padding: 0 1;
        background: $panel;
    }
    """

    status: reactive[Status] = reactive(Status())

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self.auto_links = False

    def on_mount(self) -> None:
        """Keep the countdown going."""
        self.set_interval(COUNTDOWN_S, self._count_down)

    def _count_down(self) -> None:
        if self.status.moves:
            self.refresh()

    def render(self) -> Content:
        """Draw the parts that fit."""
        pieces = []
        for part in parts(self.status, self._clock(), self.content_size.width):
            piece = Content.styled(part.text, _STYLES[part.style])
            pieces.append(piece.stylize(BY_ID[part.action].on_click) if part.action else piece)
        return Content(" " * GAP).join(pieces)
