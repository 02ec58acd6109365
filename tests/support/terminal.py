"""A terminal to write to in tests."""

import io


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal() -> io.StringIO:
    """Return a stream that says it is a terminal."""
    return _Terminal()
