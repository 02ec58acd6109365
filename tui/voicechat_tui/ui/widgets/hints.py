"""The few keys worth knowing, in the last line."""

from textual.content import Content
from textual.widget import Widget

from voicechat_tui.language import _
from voicechat_tui.ui.keys.actions import Action, Context, actions_of
from voicechat_tui.ui.keys.keymap import Keymap

_SPARE = frozenset({"mute", "quit"})
"""Left out first where space is short: the help lists them."""


class Hints(Widget):
    """The keys of a context, as many as fit; a click on one performs its action.

    Args:
        keymap: The keys in use.
        context: What the screen is for.
    """

    ALLOW_SELECT = False
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
        hints = [
            (action.id, self._piece(action))
            for action in (*actions_of(self._screen_context), *actions_of(Context.APP))
            if action.hint
        ]
        room = self.content_size.width + 2
        shown = set()
        for name, piece in sorted(hints, key=lambda hint: hint[0] in _SPARE):
            room -= piece.cell_length + 2
            if room < 0:
                break
            shown.add(name)
        return Content("  ").join(piece for name, piece in hints if name in shown)

    def _piece(self, action: Action) -> Content:
        piece = Content.assemble(
            (self._keymap.label(action), "bold $text-accent"), (f" {_(action.hint)}", "")
        )
        return piece.stylize(action.on_click)
