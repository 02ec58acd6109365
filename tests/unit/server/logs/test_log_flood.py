"""Of lines that are alike the first of each minute are shown, and the rest are counted."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import structlog
from websockets.exceptions import InvalidMessage

from tests.support.logging import restored_logging
from voicechat_server.logs import flood
from voicechat_server.logs.flood import MINUTE_S, MOST_KINDS, REFUSING, Flood, reporting
from voicechat_server.logs.setup import configure_logging

SHOWN = 5
LEFT_OUT = "lines like others were left out"


class Log:
    """The log of a server whose clock stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self._out = io.StringIO()
        configure_logging("info", self._out)
        (handler,) = logging.getLogger().handlers
        self.flood = Flood(lambda: self.now)
        handler.filters = [self.flood]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]


@pytest.fixture
def log() -> Iterator[Log]:
    with restored_logging():
        yield Log()


def refuse(times: int, module: str = "middleware.host_guard") -> None:
    for number in range(times):
        structlog.stdlib.get_logger(f"voicechat_server.api.{module}").warning("refused", path=f"/{number}")


def test_the_first_of_a_minute_are_shown_and_the_rest_are_counted(log: Log) -> None:
    refuse(1000)
    assert log.events() == ["refused"] * SHOWN
    log.now += MINUTE_S
    refuse(1)
    *_, told, last = log.lines()
    assert (told["event"], told["like"], told["count"], told["level"]) == (
        LEFT_OUT,
        "refused",
        995,
        "warning",
    )
    assert told["of"] == "voicechat_server.api.middleware.host_guard"
    assert last["event"] == "refused"


def test_a_minute_with_few_lines_is_told_by_them_alone(log: Log) -> None:
    refuse(SHOWN)
    log.now += MINUTE_S
    refuse(SHOWN)
    log.flood.report(everything=True)
    assert log.events() == ["refused"] * 2 * SHOWN


def test_lines_of_one_kind_hide_no_others(log: Log) -> None:
    refuse(1000)
    refuse(2, "middleware.origin_guard")
    logging.getLogger("uvicorn.error").warning("another")
    for number in range(20):
        structlog.stdlib.get_logger("voicechat_server.asr.engine").warning("the recogniser", number=number)
    assert len(log.events()) == SHOWN + 2 + 1 + 20


def test_values_make_no_kinds(log: Log) -> None:
    for number in range(100):
        logging.getLogger("websockets.server").warning("connection %d failed", number)
    assert len(log.events()) == SHOWN


def test_connections_have_room_in_the_log_and_no_more_than_that(log: Log) -> None:
    for _ in range(2000):
        structlog.stdlib.get_logger("voicechat_server.api.speech.speech_ws").info("speech connection opened")
    assert len(log.events()) == 600


def test_kinds_are_bounded(log: Log) -> None:
    for number in range(3 * MOST_KINDS):
        logging.getLogger("asyncio").warning(f"kind {number}")
    assert MOST_KINDS <= len(log.events()) <= MOST_KINDS + SHOWN


@pytest.mark.parametrize(
    "error", [ConnectionResetError("gone"), TimeoutError(), EOFError(), InvalidMessage("no HTTP")]
)
def test_what_fails_with_a_connection_has_no_traceback(log: Log, error: Exception) -> None:
    logging.getLogger("uvicorn.error").error("Fatal error\nprotocol: X", exc_info=error)
    (line,) = log.lines()
    assert "exception" not in line
    assert line["event"] == f"Fatal error ({type(error).__name__}: {error})"


def test_what_nobody_expected_has_one(log: Log) -> None:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=KeyError("x"))
    structlog.stdlib.get_logger("voicechat_server.asr.x").error("failed", exc_info=OSError("disk"))
    assert all("Error" in line["exception"] for line in log.lines())


def reporting_of(log: Log, told: asyncio.Event) -> Callable[..., None]:
    """What says what was left out, and notes when it has."""
    report = log.flood.report

    def report_and_note(*, everything: bool = False) -> None:
        report(everything=everything)
        if LEFT_OUT in log.events():
            told.set()

    return report_and_note


def test_what_uvicorn_says_of_who_was_refused_is_left_to_our_own_lines(log: Log) -> None:
    logging.getLogger("uvicorn.error").warning("Unsupported upgrade request.")
    assert log.events() == []


async def test_what_was_left_out_is_said_in_time_and_at_the_end(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "REPORT_EVERY_S", 0.0)
    told = asyncio.Event()
    monkeypatch.setattr(log.flood, "report", reporting_of(log, told))
    async with reporting():
        refuse(10)
        log.now += MINUTE_S
        await told.wait()
        refuse(20)
    assert [line["count"] for line in log.lines() if line["event"] == LEFT_OUT] == [5, 15]


@pytest.mark.parametrize("module", REFUSING)
def test_the_modules_that_refuse_are_there(module: str) -> None:
    assert find_spec(module) is not None
