"""Logs: one form for our own lines and those of libraries, readable or JSON."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.support.logging import restored_logging
from voicechat_server.logs.setup import configure_logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    with restored_logging():
        yield


def test_elsewhere_than_on_a_terminal_a_line_is_one_json_object() -> None:
    out = io.StringIO()
    configure_logging("info", out)
    with structlog.contextvars.bound_contextvars(connection="c1"):
        structlog.stdlib.get_logger("voicechat_server.x").info("opened", client="你")
        logging.getLogger("uvicorn.error").warning("closing %d", 3)
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["client"], ours["connection"]) == ("opened", "你", "c1")
    assert (ours["level"], ours["logger"]) == ("info", "voicechat_server.x")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"], theirs["connection"]) == ("closing 3", "warning", "c1")


def test_a_traceback_stays_in_its_json_line() -> None:
    out = io.StringIO()
    configure_logging("info", out)
    try:
        int("broken")
    except ValueError:
        structlog.stdlib.get_logger("voicechat_server.x").exception("failed")
    (line,) = out.getvalue().splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["exception"]


def test_on_a_terminal_a_line_is_for_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    configure_logging("info", out)
    structlog.stdlib.get_logger("voicechat_server.x").info("opened", client="you")
    assert "opened" in out.getvalue()
    assert "client=you" in out.getvalue()
    assert "\x1b[" not in out.getvalue()


def test_what_strangers_sent_is_only_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    configure_logging("info", out)
    structlog.stdlib.get_logger("voicechat_server.x").info(
        "refused", path="/\x1b]0;mine\x07\x1b[2J\nfake line\x9b31m", name="x" * 5000
    )
    line = out.getvalue()
    assert not set(line.removesuffix("\n")) & {chr(code) for code in (*range(32), *range(127, 160))}
    assert "␛]0;mine␇␛[2J␊fake line�31m" in line
    assert len(line) < 1500


HOSTILE = "/\x1b[2J\x9b31m\u2028fake\u202etxt\u2066\u200f\ufeff\ud800 你"

OBEYED = set("\x1b\x9b\u2028\u202e\u2066\u200f\ufeff\ud800")


def fail(text: str) -> None:
    raise ValueError(text)


def test_json_lines_are_one_line_in_order_and_bounded_whatever_strangers_sent() -> None:
    out = io.StringIO()
    configure_logging("info", out)
    log = structlog.stdlib.get_logger("voicechat_server.x")
    log.info("refused", path=HOSTILE, name="x" * 50_000)
    try:
        fail(HOSTILE + "y" * 100_000 + "the end")
    except ValueError:
        log.exception("failed")
    out.getvalue().encode()
    refused, failed = out.getvalue().removesuffix("\n").splitlines()
    assert not set(refused + failed) & OBEYED
    assert json.loads(refused)["path"] == HOSTILE
    assert len(refused) < 1500
    assert len(failed) < 12_000
    assert json.loads(failed)["exception"].endswith("the end")


def test_a_traceback_on_a_terminal_shows_what_strangers_sent_and_obeys_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    configure_logging("info", out)
    try:
        fail(HOSTILE)
    except ValueError:
        structlog.stdlib.get_logger("voicechat_server.x").exception("failed", path=HOSTILE)
    assert "Traceback (most recent call last):\n" in out.getvalue()
    assert out.getvalue().count("/␛[2J�31m�fake�txt���� 你") == 2
    assert not set(out.getvalue()) & OBEYED


@pytest.mark.parametrize(
    ("level", "own", "library"),
    [
        ("debug", logging.DEBUG, logging.INFO),
        ("info", logging.INFO, logging.WARNING),
        ("error", logging.ERROR, logging.ERROR),
    ],
)
def test_libraries_say_less_than_we(level: str, own: int, library: int) -> None:
    configure_logging(level, io.StringIO())
    assert logging.getLogger("voicechat_server.asr").getEffectiveLevel() == own
    assert logging.getLogger("funasr").getEffectiveLevel() == library
