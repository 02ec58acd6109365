"""The line of state: connection, microphone, level, delays, each in words and short enough for the screen."""

from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING

from rich.cells import cell_len

from voicechat_tui.language import _

if TYPE_CHECKING:
    from voicechat_common.levels import Level


class Line(Enum):
    """How the server is reached."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    RETRYING = "retrying"
    FAILED = "failed"


class Mic(Enum):
    """What the microphone does."""

    OFF = "off"
    READY = "ready"
    OPENING = "opening"
    OPEN = "open"
    MUTED = "muted"
    ABSENT = "absent"
    LOST = "lost"


@dataclass
class Reach:
    """How a server is reached.

    Attributes:
        line: In a word.
        retry_at: When the next attempt is due, in seconds of the app's clock.
        network_ms: How long it takes to answer.
    """

    line: Line = Line.CONNECTING
    retry_at: float = 0.0
    network_ms: float | None = None


@dataclass(frozen=True)
class Status:
    """What the line of state tells.

    Attributes:
        line: How the server is reached.
        retry_at: When the next attempt is due, in seconds of the app's clock.
        mic: What the microphone does.
        device: Its name.
        level: How loud it is, while it listens.
        network_ms: How long the server takes to answer.
        lag_ms: How far recognition is behind speech.
    """

    line: Line = Line.CONNECTING
    retry_at: float = 0.0
    mic: Mic = Mic.OFF
    device: str = ""
    level: "Level | None" = None
    network_ms: float | None = None
    lag_ms: float | None = None


@dataclass(frozen=True)
class Part:
    """A piece of the line.

    Attributes:
        text: What it says.
        style: The style it is said in: ok, bad, busy, quiet or live.
        short: What it says where there is little room; nothing if it can be left out there.
        action: What a click on it does.
    """

    text: str
    style: str
    short: str = ""
    action: str = ""


GAP = 2
_METER_CELLS = 10
_FLOOR_DB = -60.0


def parts(status: Status, now: float, width: int) -> list[Part]:
    """Return the pieces of the line that have room in some cells, from the left to the right.

    Args:
        status: What is to be told.
        now: Seconds of the app's clock.
        width: Cells of the line.
    """
    long = [_connection(status, now), _microphone(status), *_level(status), *_delays(status)]
    for shortened in range(len(long) + 1):
        # What stands at the right gives way first: whether one is heard counts more than how fast.
        kept = long[: len(long) - shortened]
        rest = [Part(part.short, part.style, part.short, part.action) for part in long[len(kept) :]]
        line = [part for part in (*kept, *rest) if part.text]
        if _cells(line) <= width:
            return line
    return line


def meter(level: "Level", cells: int = _METER_CELLS) -> str:
    """Return a bar for a level, with a mark where the hold is."""
    filled = _filled(level.peak_db, cells)
    hold = _filled(level.hold_db, cells)
    bar = ["▮" if place < filled else "▯" for place in range(cells)]
    if hold > filled:
        bar[hold - 1] = "▏"
    return "".join(bar)


def _filled(db: float, cells: int) -> int:
    return min(cells, max(0, ceil((db - _FLOOR_DB) / -_FLOOR_DB * cells)))


def _cells(line: list[Part]) -> int:
    return sum(cell_len(part.text) for part in line) + GAP * max(0, len(line) - 1)


def _connection(status: Status, now: float) -> Part:
    match status.line:
        case Line.CONNECTED:
            return Part("● " + _("connected"), "ok", "● " + _("on"))
        case Line.CONNECTING:
            return Part("◌ " + _("connecting"), "busy", "◌ " + _("wait"))
        case Line.RETRYING:
            left = max(0, ceil(status.retry_at - now))
            return Part(
                "○ " + _("retrying in {seconds} s", seconds=left), "bad", f"○ {left} s", action="reconnect"
            )
        case Line.FAILED:
            return Part("✗ " + _("not connected"), "bad", "✗ " + _("off"), action="reconnect")


def _microphone(status: Status) -> Part:
    match status.mic:
        case Mic.OFF:
            return Part(_("mic off"), "quiet", _("mic off"), action="talk")
        case Mic.READY:
            return Part(_device(_("mic ready"), status), "quiet", _("mic ready"), action="talk")
        case Mic.OPENING:
            return Part("◌ " + _("opening microphone"), "busy", "◌ mic", action="talk")
        case Mic.OPEN:
            return Part(_device("● " + _("MIC OPEN"), status), "live", "● " + _("MIC OPEN"), action="talk")
        case Mic.MUTED:
            return Part(_device("⊘ " + _("MUTED"), status), "bad", "⊘ " + _("MUTED"), action="mute")
        case Mic.ABSENT:
            return Part("✗ " + _("no microphone"), "bad", "✗ mic", action="devices")
        case Mic.LOST:
            return Part("✗ " + _("microphone lost"), "bad", "✗ mic", action="devices")


def _device(text: str, status: Status) -> str:
    return f"{text} {status.device}".rstrip()


def _level(status: Status) -> list[Part]:
    if status.level is None or status.mic not in (Mic.OPEN, Mic.MUTED):
        return []
    level = status.level
    # Every value takes the same room, so that nothing to the right of it moves.
    said = _("CLIP") if level.clipped else f"{max(level.peak_db, _FLOOR_DB):.0f} dB"
    heard = "quiet" if status.mic is Mic.MUTED else "ok"
    return [Part(f"{meter(level)} {said:<6}", "bad" if level.clipped else heard, f"{said:<6}")]


def _delays(status: Status) -> list[Part]:
    found = []
    if status.network_ms is not None and status.line is Line.CONNECTED:
        found.append(Part(_("net {ms} ms", ms=round(status.network_ms)), "quiet"))
    if status.lag_ms is not None and status.line is Line.CONNECTED:
        found.append(Part(_("lag {ms} ms", ms=round(status.lag_ms)), "quiet"))
    return found
