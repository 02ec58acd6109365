"""A key with alt is that key, whatever the terminal sends right behind it."""

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from voicechat_tui.ui.keys.alt_keys import know_alt_keys


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("\x1bx\x1b[A", ["alt+x", "up"]),
        ("\x1bx\x1by\x1bOP", ["alt+x", "alt+y", "f1"]),
        ("a\x1bxb", ["a", "alt+x", "b"]),
        ("\x1b你\x1b[A", ["alt+你", "up"]),
        ("\x1bb\x1b[A", ["ctrl+left", "up"]),
        ("\x1bOP\x1b[1;3A", ["f1", "alt+up"]),
    ],
)
def test_keys_at_once(sent: str, keys: list[str]) -> None:
    know_alt_keys()
    assert [event.key for event in XTermParser().feed(sent) if isinstance(event, Key)] == keys
