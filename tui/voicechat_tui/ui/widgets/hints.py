"""The few keys worth knowing, in the last line."""

from textual.content import Content
from textual.widget import Widget

from voicechat_tui.language import _
from voicechat_tui.ui.actions import Context, actions_of
from voicechat_tui.ui.keymap import Keymap


class Hints(Widget):
    """The keys of a context, as many as have room; a click on one does it.

    Args:
        keymap: The keys in use.
        context: What the screen is for.
    """

    DEFAULT_CSS = """
    Hints {
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $text-muted;
    }
    """

    def __init__(self, keymap: Keymap, context: Context) -> None:
        super().__init__()
        self._keymap = keymap
        self._screen_context = context
        self.auto_links = False

    def render(self) -> Content:
        """Draw the hints, the screen's own first."""
        room = self.content_size.width
        pieces = []
        for action in (*actions_of(self._screen_context), *actions_of(Context.APP)):
            if not action.hint:
                continue
            label, hint = self._keymap.label(action), _(action.hint)
            piece = Content.assemble((label, "bold $text-accent"), (f" {hint}", ""))
            room -= piece.cell_length + 2
            if room < -2:
                break
            namespace = "app" if action.context is Context.APP else "screen"
            pieces.append(piece.stylize(f"@click={namespace}.{action.id}"))
        return Content("  ").join(pieces)
