"""The status line: connection, microphone, level and delays, in words that fit the screen."""

import re
from dataclasses import dataclass, replace
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING

from rich.cells import cell_len

from voicechat_tui.language import _
from voicechat_tui.ui.model.names import fitted

if TYPE_CHECKING:
    from voicechat_common.levels import Level


class ConnectionState(Enum):
    """The state of the connection to the server."""

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
class ConnectionStatus:
    """The connection to a server.

    Attributes:
        state: Connecting, connected, retrying or failed.
        retry_at: When the next attempt is due, in seconds of the app's clock.
        network_ms: Its round-trip time.
        reason: Why there is no connection, a sentence; empty while nothing has gone wrong.
        advice: What to do about it.
    """

    state: ConnectionState = ConnectionState.CONNECTING
    retry_at: float = 0.0
    network_ms: float | None = None
    reason: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Waiting:
    """Something that was said and has not arrived yet.

    Attributes:
        since: Since when, in seconds of the app's clock.
        retry_at: When the next attempt is due; None if none is.
        reason: Why it waits, a sentence; empty if that is not known.
        texts: How many texts it is.
    """

    since: float
    retry_at: float | None = None
    reason: str = ""
    texts: int = 0


@dataclass(frozen=True)
class Status:
    """What the status line shows.

    Attributes:
        connection: The state of the connection to the server.
        retry_at: When the next attempt is due, in seconds of the app's clock.
        reason: Why there is no connection, a sentence.
        texts: Own texts that wait to be stored.
        speech: Own speech that waits to be recognised.
        mic: What the microphone does.
        device: Its name.
        level: Its level, while it is open.
        network_ms: The round-trip time to the server.
        lag_ms: How far recognition is behind speech.
    """

    connection: ConnectionState = ConnectionState.CONNECTING
    retry_at: float = 0.0
    reason: str = ""
    texts: Waiting | None = None
    speech: Waiting | None = None
    mic: Mic = Mic.OFF
    device: str = ""
    level: "Level | None" = None
    network_ms: float | None = None
    lag_ms: float | None = None

    @property
    def moves(self) -> bool:
        """Whether it changes with time alone."""
        return (
            self.connection is ConnectionState.RETRYING or self.texts is not None or self.speech is not None
        )


@dataclass(frozen=True)
class Part:
    """A part of the line.

    Attributes:
        text: What it says.
        style: Its style: ok, bad, busy, quiet or live.
        short: What it says where space is short; empty if it can be left out.
        action: What a click on it does.
        cause: Why; as much of it as fits follows the text.
    """

    text: str
    style: str
    short: str = ""
    action: str = ""
    cause: str = ""


GAP = 2
NOTICED_S = 1.5
"""Shorter waits are normal, and not shown."""
_LEAST_CAUSE = 12
_METER_CELLS = 10
_FLOOR_DB = -60.0


def parts(status: Status, now: float, width: int) -> list[Part]:
    """Return the parts of the line that fit into some cells, from left to right.

    Args:
        status: What to show.
        now: Seconds of the app's clock.
        width: Cells of the line.
    """
    waits = _waits(status, now)
    delays = [] if waits else _delays(status)
    long = [_connection(status, now), *waits, _microphone(status), *_level(status), *delays]
    for shortened in range(len(long) + 1):
        # The right end is shortened first: whether one is heard matters more than how fast.
        kept = long[: len(long) - shortened]
        rest = [Part(part.short, part.style, part.short, part.action) for part in long[len(kept) :]]
        line = [part for part in (*kept, *rest) if part.text]
        if _cells(line) <= width:
            return _with_causes(line, width - _cells(line))
    return line


def _with_causes(line: list[Part], room: int) -> list[Part]:
    found = []
    for part in line:
        if part.cause and room >= _LEAST_CAUSE:
            cause = fitted(f": {part.cause}", room)
            room -= cell_len(cause)
            part = replace(part, text=part.text + cause)
        found.append(part)
    return found


def _cause(sentence: str) -> str:
    """Return the cause that a sentence ends with, without what failed, which is shown before it."""
    return (re.split(r": |：", sentence, maxsplit=1)[-1]).rstrip(".。")


def meter(level: "Level", cells: int = _METER_CELLS) -> str:
    """Return a bar for a level, with a mark at its peak hold."""
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
    match status.connection:
        case ConnectionState.CONNECTED:
            return Part("● " + _("connected"), "ok", "● " + _("on"))
        case ConnectionState.CONNECTING:
            return Part("◌ " + _("connecting"), "busy", "◌ " + _("wait"))
        case ConnectionState.RETRYING:
            left = max(0, ceil(status.retry_at - now))
            text = "○ " + (_("retrying in {seconds} s", seconds=left) if left else _("retrying now"))
            return Part(text, "bad", f"○ {left} s", "reconnect", _cause(status.reason))
        case ConnectionState.FAILED:
            text = "✗ " + _("not connected")
            return Part(text, "bad", "✗ " + _("off"), "reconnect", _cause(status.reason))


def _waits(status: Status, now: float) -> list[Part]:
    """Return what has not arrived, and why, unless the connection part already says so."""
    found = []
    for waiting in (status.speech, status.texts):
        if waiting is None or now - waiting.since < NOTICED_S:
            continue
        said = _texts_wait(waiting.texts) if waiting.texts else _("speech waits")
        text, cause = "○ " + said, ""
        if status.connection is ConnectionState.CONNECTED:
            cause = _cause(waiting.reason)
            left = 0 if waiting.retry_at is None else ceil(waiting.retry_at - now)
            text += f" {left} s" if left > 0 else ""
        # Only the chat's connection can be retried; the log has the details for speech.
        action = "reconnect" if waiting.texts else "log"
        found.append(Part(text, "bad", "○ " + said, action, cause))
    return found


def _texts_wait(count: int) -> str:
    return _("1 text waits") if count == 1 else _("{count} texts wait", count=count)


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
    # Every value has the same width, so that nothing to the right of it moves.
    said = _("CLIP") if level.clipped else f"{max(level.peak_db, _FLOOR_DB):.0f} dB"
    heard = "quiet" if status.mic is Mic.MUTED else "ok"
    return [Part(f"{meter(level)} {said:<6}", "bad" if level.clipped else heard, f"{said:<6}")]


def _delays(status: Status) -> list[Part]:
    found = []
    if status.network_ms is not None and status.connection is ConnectionState.CONNECTED:
        found.append(Part(_("net {ms} ms", ms=round(status.network_ms)), "quiet"))
    if status.lag_ms is not None and status.connection is ConnectionState.CONNECTED:
        found.append(Part(_("lag {ms} ms", ms=round(status.lag_ms)), "quiet"))
    return found
