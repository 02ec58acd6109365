"""What a terminal sends for a key with alt: an escape right before what it sends for the key alone."""

from collections.abc import Iterable

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.events import Key

_ESCAPE = "\x1b"
_BEGINNINGS = frozenset(sequence[1] for sequence in ANSI_SEQUENCES_KEYS if len(sequence) > 2)
"""What may go on after an escape and this; Textual has to wait for it."""

_known = XTermParser._sequence_to_key_events


def know_alt_keys() -> None:
    """Let Textual take alt with a character as soon as it has come. It has no setting for that.

    By itself it waits for more, and types `^` and the character if the next key begins with an escape too.
    """
    XTermParser._sequence_to_key_events = _sequence_to_key_events  # type: ignore[assignment, method-assign]


def _sequence_to_key_events(parser: XTermParser, sequence: str, alt: bool = False) -> Iterable[Key]:
    found = list(_known(parser, sequence, alt))
    if found or len(sequence) != 2 or sequence[0] != _ESCAPE or sequence[1] in _BEGINNINGS:
        return found
    return list(_known(parser, sequence[1], alt=True))
