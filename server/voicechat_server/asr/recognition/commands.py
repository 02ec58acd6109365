"""What the event loop asks of the threads that recognise."""

from dataclasses import dataclass
from enum import Enum, auto

from voicechat_server.asr.recognition.lane import Lane


class CommandKind(Enum):
    """What is to be done with a lane."""

    OPEN = auto()
    AUDIO = auto()
    REALIGN = auto()
    FLUSH = auto()
    STOP = auto()
    DROP = auto()


@dataclass(frozen=True)
class Command:
    """One command for one lane; `data` is the packet of an `AUDIO` command."""

    kind: CommandKind
    lane: Lane
    data: bytes = b""
