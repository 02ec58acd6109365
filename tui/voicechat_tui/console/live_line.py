"""The line of a terminal that shows what is being said: pure text, no terminal involved."""

from rich.cells import cell_len
from rich.text import Text

from voicechat_common.printable import printable

_ELLIPSIS = "…"


def keep_right(text: str, width: int) -> str:
    """Return as much of the end of a text as fits into so many terminal cells."""
    cells = 0
    for at in range(len(text) - 1, -1, -1):
        cells += cell_len(text[at])
        if cells > width:
            return text[at + 1 :]
    return text


def live_line(text: str, settled: int, width: int, prefix: Text | None = None) -> Text:
    """Return a growing text as one line: its end, if it is too long; what may still change is dim.

    Args:
        text: The whole text.
        settled: How many of its leading characters are settled.
        width: How many cells there are.
        prefix: What to put in front. Left out if it takes more than half of the line.
    """
    line = Text()
    if prefix is not None and prefix.cell_len <= width // 2:
        line.append_text(prefix)
    room = max(0, width - line.cell_len)
    text = printable(text)
    shown = text
    if cell_len(text) > room:
        shown = keep_right(text, max(0, room - cell_len(_ELLIPSIS)))
        line.append(_ELLIPSIS if room else "", style="dim")
    hidden = len(text) - len(shown)
    settled_shown = max(0, settled - hidden)
    line.append(shown[:settled_shown])
    line.append(shown[settled_shown:], style="dim")
    return line


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
