"""Names on one line: as many as fit, and how many others there are."""

from collections.abc import Callable, Sequence

from rich.cells import cell_len, set_cell_size

from voicechat_tui.language import _

_ELLIPSIS = "…"


def fitted(text: str, width: int) -> str:
    """Return a text of at most so many cells; if cut, it ends with an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + _ELLIPSIS if width > 0 else ""


def fitting(names: Sequence[str], width: int, say: Callable[[str], str] = str) -> str:
    """Return a sentence with as many names as fit; the others are counted.

    Args:
        names: The names, at least one; the first ones are kept.
        width: Cells for the sentence.
        say: Makes the sentence of the list of names.
    """
    if len(names) == 1:
        return say(fitted(names[0], width - cell_len(say(""))))
    best = _count(len(names))
    # A name takes at least a cell and its comma two more, however many people there are.
    for shown in range(1, min(len(names), width // 3 + 1) + 1):
        sentence = _listed(names, shown)
        if cell_len(say(sentence)) <= width:
            best = sentence
    return fitted(say(best), width)


def least(names: Sequence[str]) -> int:
    """Return the fewest cells in which a list of names is still useful."""
    return cell_len(names[0] if len(names) == 1 else _count(len(names)))


def _listed(names: Sequence[str], shown: int) -> str:
    rest = len(names) - shown
    said = ", ".join(names[:shown])
    return _("{names} and {count} more", names=said, count=rest) if rest else said


def _count(people: int) -> str:
    return _("{count} people", count=people)
