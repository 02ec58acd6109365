"""What a check finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from voicechat_common.errors import VoicechatError
from voicechat_tui.language import _, mark


class Verdict(StrEnum):
    """The result of a check."""

    OK = "ok"
    NOTE = "note"
    """It works, but not as well as it could."""
    PROBLEM = "problem"
    """Something won't work until the next step is done."""


VERDICT_NAMES = {Verdict.OK: mark("ok"), Verdict.NOTE: mark("note"), Verdict.PROBLEM: mark("problem")}


class Check(StrEnum):
    """What is checked; the values are the names that programs see."""

    TERMINAL = "terminal"
    COLOURS = "colours"
    TEXT = "text"
    CONFIG = "config"
    LOG = "log"
    JOURNAL = "journal"
    SERVER = "server"
    IDENTITY = "identity"
    MODEL = "model"
    CLOCK = "clock"
    PORTAUDIO = "portaudio"
    DEVICES = "devices"
    RATE = "rate"
    LEVEL = "level"


CHECK_NAMES = {
    Check.TERMINAL: mark("Terminal"),
    Check.COLOURS: mark("Colours"),
    Check.TEXT: mark("Characters"),
    Check.CONFIG: mark("Settings"),
    Check.LOG: mark("Log"),
    Check.JOURNAL: mark("Journal"),
    Check.PORTAUDIO: mark("PortAudio"),
    Check.DEVICES: mark("Microphones"),
    Check.RATE: mark("Sample rate"),
    Check.LEVEL: mark("Level"),
    Check.SERVER: mark("Server"),
    Check.IDENTITY: mark("Identity"),
    Check.MODEL: mark("Recognition"),
    Check.CLOCK: mark("Clock"),
}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        check: What was checked.
        verdict: The result.
        message: What was found, as a sentence.
        next_step: What to do; empty if there is nothing to do.
    """

    check: Check
    verdict: Verdict
    message: str
    next_step: str = ""

    @property
    def title(self) -> str:
        """What was checked, in words."""
        return _(CHECK_NAMES[self.check])

    @property
    def verdict_name(self) -> str:
        """The result, in words."""
        return _(VERDICT_NAMES[self.verdict])


def ok(check: Check, message: str) -> Finding:
    """Return the finding that something works."""
    return Finding(check, Verdict.OK, message)


def note(check: Check, message: str, next_step: str) -> Finding:
    """Return the finding that something could be better."""
    return Finding(check, Verdict.NOTE, message, next_step)


def problem(check: Check, error: VoicechatError) -> Finding:
    """Return the finding that something won't work."""
    return Finding(check, Verdict.PROBLEM, error.message, error.advice)


def is_well(findings: Iterable[Finding]) -> bool:
    """Return whether there is no problem."""
    return all(finding.verdict is not Verdict.PROBLEM for finding in findings)
