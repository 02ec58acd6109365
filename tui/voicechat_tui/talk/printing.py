"""Messages as lines for a terminal or a file."""

from rich.text import Text

from voicechat_common.printable import printable
from voicechat_common.protocol.chat import MessageHistory, NewMessage
from voicechat_tui.console.live_line import live_line

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")


def message_line(message: NewMessage | MessageHistory) -> Text:
    """Return a message with its time and speaker; its continuation lines are indented."""
    time = message.timestamp.astimezone().strftime("%H:%M:%S")
    content = "\n    ".join(printable(line) for line in message.content.split("\n"))
    return Text.assemble((time, "dim"), " ", speaker(message.speaker), ": ", content)


def speaker(name: str) -> Text:
    """Return a name, always in the same colour; colour is not needed to distinguish people."""
    return Text(printable(name), style=f"bold {_COLOURS[sum(name.encode()) % len(_COLOURS)]}")


def speech_line(message: NewMessage, width: int) -> Text:
    """Return what is being said as a line that can be rewritten."""
    return live_line(message.content, 0, width, speaker(message.speaker) + Text(": "))
