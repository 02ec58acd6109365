"""The log since the start of the app."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from voicechat_tui.files import paths
from voicechat_tui.language import _
from voicechat_tui.ui.model.events_log import EventsLog
from voicechat_tui.ui.screens.window import Window

_MARKS = {"information": (" ", "dim"), "warning": ("!", "$text-warning"), "error": ("✗", "$text-error")}


class LogWindow(Window[None]):
    """What was logged, the newest line at the bottom.

    Args:
        log_lines: All of them.
    """

    def __init__(self, log_lines: EventsLog) -> None:
        super().__init__()
        self._log_lines = log_lines

    def title_text(self) -> str:
        """Return what stands in the frame."""
        return _("Log")

    def closing_text(self) -> str:
        """Say where the log file is."""
        return _("esc: close   log file: {path}", path=paths.log_file())

    def compose_content(self) -> ComposeResult:
        """Compose the lines."""
        yield Static(self._lines())

    def _lines(self) -> Content:
        found = []
        for line in self._log_lines.lines:
            mark, style = _MARKS[line.severity]
            found.append(Content.assemble((f"{line.at:%H:%M:%S} ", "dim"), (f"{mark} ", style), line.text))
        return Content("\n").join(found) if found else Content(_("Nothing has happened yet."))

    def begin(self) -> None:
        """Start at the newest line."""
        self.query_one("#content").scroll_end(animate=False)
