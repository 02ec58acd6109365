"""What one thread prints becomes debug lines; the others are heard, and nothing is left behind."""

import logging
import sys
import threading

import pytest

from voicechat_server.asr.models.loading.silence_output import silence


def test_this_thread_is_silent_and_another_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    def speak() -> None:
        sys.stdout.write("other out\n")
        sys.stderr.write("other err\n")

    with silence():
        sys.stdout.write("mine out\n")
        sys.stderr.write("mine err\n")
        thread = threading.Thread(target=speak)
        thread.start()
        thread.join()
    sys.stdout.write("after\n")
    captured = capsys.readouterr()
    assert captured.out == "other out\nafter\n"
    assert captured.err == "other err\n"


def test_root_logs_of_this_thread_are_dropped_and_all_others_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with silence():
        logging.getLogger().warning("FunASR says")
        logging.getLogger("voicechat_server").warning("we say")
        thread = threading.Thread(target=logging.getLogger().warning, args=("another thread says",))
        thread.start()
        thread.join()
    logging.getLogger().warning("after")
    assert [record.getMessage() for record in caplog.records] == ["we say", "another thread says", "after"]


def test_what_is_printed_and_logged_can_be_read_when_debugging(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "voicechat_server.asr.models.loading.silence_output"), silence():
        sys.stdout.write("FunASR prints\n")
        sys.stderr.write("\r")
        logging.getLogger().warning("FunASR says")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("DEBUG", "FunASR prints"),
        ("DEBUG", "FunASR says"),
    ]


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    streams = (sys.stdout, sys.stderr)
    with silence():
        logging.info("this would install a handler")
    assert (sys.stdout, sys.stderr) == streams
    assert root.handlers == []
    assert root.filters == []
