"""Network and terminal go in the middle of speech: nothing is left running, nothing that was said is lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.support.journal import journal_in
from tests.support.null_sink import null_sink
from tests.support.pseudo_terminal import TerminalProcess, in_terminal
from tests.support.relay import relay
from tests.support.replay_cli import replay
from tests.support.samples import DIRECTORY, transcripts
from tests.support.server import demo_settings, no_streams, serving
from tests.support.waiting import WITHIN_S
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.journal.store import Journal

APP = "from voicechat_tui.cli import main; main()"
F2 = "\x1bOQ"
RATE = 16_000
SPOKEN_S = 4


def is_speech_acknowledged(journal: Journal) -> bool:
    """Whether the server has some of a talk, and more of it is on the disk."""
    return any(entry.unfinished[0].begin > SPOKEN_S * RATE for entry in journal.entries())


def read_until(terminal: TerminalProcess, condition: Callable[[], bool]) -> None:
    """Take what the app draws until something is the case."""
    while not condition():
        assert terminal.read(), terminal.output[-2000:]


async def test_the_terminal_is_closed_in_the_middle_of_speech(
    tmp_path: Path, database: Path, chat_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_DATA", str(tmp_path))
    monkeypatch.setenv("VOICECHAT_TUI_LOG", str(tmp_path / "tui.log"))
    monkeypatch.setenv("VOICECHAT_TUI_JOURNAL", "true")
    journal = journal_in(tmp_path)
    with (
        serving(demo_settings(database=str(database), resume_grace_s=1)) as server,
        null_sink() as sink,
        relay(server.address) as network,
    ):
        arguments = ("-c", APP, "--chat", chat_id, "--user", "anna", "--url", network.address)
        with in_terminal(*arguments, environment=sink.environment) as terminal:
            await asyncio.to_thread(terminal.wait_for, chat_id)
            terminal.type(F2)
            speaking = Thread(target=sink.play, args=(Path(str(DIRECTORY / "talk.wav")),))
            await asyncio.to_thread(terminal.wait_for, "MIC OPEN")
            speaking.start()
            await asyncio.to_thread(read_until, terminal, lambda: is_speech_acknowledged(journal))
            network.cut()
            terminal.hang_up()
            await asyncio.to_thread(terminal.process.wait, WITHIN_S)
            network.mend()
            await asyncio.to_thread(speaking.join)
        assert b"Traceback" not in terminal.output
        await no_streams(server)
        (entry,) = journal.entries()
        assert (entry.header.chat_id, entry.header.user) == (chat_id, "anna")
        result = await replay("--journal")
        assert (result.code, journal.entries()) == (ExitCode.OK, []), result.err
        async with httpx.AsyncClient(base_url=server.http) as http:
            messages = (await http.get(f"/chat/{chat_id}")).json()["messages"]
    assert {message["speaker"] for message in messages} == {"anna"}
    said = "".join(message["content"] for message in messages)
    assert said[:4] == transcripts()["talk"][:4]
    log = (tmp_path / "tui.log").read_text()
    assert "of what you said did not reach the server" in log
    assert "Traceback" not in log
