"""The client's log: what is in it, and that nothing depends on it."""

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicechat_tui.logs.log_file import OWN_LOGGERS, LogFile


@pytest.fixture(autouse=True)
def _levels_again() -> Iterator[None]:
    before = {name: logging.getLogger(name).level for name in OWN_LOGGERS}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_lines_of_the_level_and_above_with_time_and_origin(tmp_path: Path) -> None:
    with LogFile(tmp_path / "logs" / "tui.log", "info") as log:
        logging.getLogger("voicechat_tui.client").info("connected to 语")
        logging.getLogger("voicechat_tui.client").debug("not this")
    assert log.problem is None
    line = log.path.read_text(encoding="utf-8")
    assert line.endswith("INFO    voicechat_tui.client: connected to 语\n")
    assert line[:2] == "20"


def test_libraries_stay_at_warnings_even_when_debugging(tmp_path: Path) -> None:
    with LogFile(tmp_path / "tui.log", "debug") as log:
        logging.getLogger("websockets.client").debug("> TEXT what somebody said")
        logging.getLogger("websockets.client").info("nor this")
        logging.getLogger("voicechat_tui").debug("this")
    assert log.path.read_text().splitlines()[0].endswith("DEBUG   voicechat_tui: this")


def test_warnings_of_python_are_logged(tmp_path: Path) -> None:
    with LogFile(tmp_path / "tui.log", "info") as log, warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old and rusty", stacklevel=1)
    assert "old and rusty" in log.path.read_text()


def test_without_a_log_everything_else_works(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with LogFile(tmp_path / "file" / "tui.log", "info") as log:
        logging.getLogger("voicechat_tui").error("nobody hears this")
    assert str(log.problem).startswith(f"The log {tmp_path / 'file' / 'tui.log'} can't be written: ")
    assert capfd.readouterr() == ("", "")


def test_logging_is_as_before_afterwards(tmp_path: Path) -> None:
    before = logging.getLogger().handlers
    with LogFile(tmp_path / "tui.log", "info"):
        assert logging.getLogger().handlers != before
    assert logging.getLogger().handlers is before
