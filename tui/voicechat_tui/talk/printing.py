"""Messages as lines of a terminal or a file."""

from typing import TextIO

from rich.console import Console
from rich.text import Text

from voicechat_common.protocol.chat import MessageHistory, NewMessage
from voicechat_tui.console.live_line import live_line, printable

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")


class MessagePrinter:
    """Makes lines for one stream, in colour if that is a terminal.

    Args:
        stdout: The stream.
    """

    def __init__(self, stdout: TextIO) -> None:
        self._console = Console(file=stdout, highlight=False, markup=False, emoji=False)

    def line(self, message: NewMessage | MessageHistory) -> str:
        """Return a message with its time and who says it; further lines of it are indented."""
        time = message.timestamp.astimezone().strftime("%H:%M:%S")
        head = Text.assemble((time, "dim"), " ", speaker(message.speaker), ": ")
        content = "\n    ".join(printable(line) for line in message.content.split("\n"))
        with self._console.capture() as capture:
            self._console.print(head + Text(content), soft_wrap=True, end="")
        return capture.get()


def speaker(name: str) -> Text:
    """Return a name, always in the same colour; the name itself tells people apart."""
    return Text(printable(name), style=f"bold {_COLOURS[sum(name.encode()) % len(_COLOURS)]}")


def speech_line(message: NewMessage, width: int) -> Text:
    """Return what is being said as a line that may be rewritten."""
    return live_line(message.content, 0, width, speaker(message.speaker) + Text(": "))
