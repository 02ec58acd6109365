"""`--local`: a real server as a child, with the demo model, which never outlives the client."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest

from tests.support.pseudo_terminal import in_terminal
from tests.support.replay_cli import replay
from tests.support.samples import DIRECTORY, transcripts
from tests.support.server import wait_until_ready
from tests.support.waiting import wait_for_end_of
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.local_server import installation
from voicechat_tui.local_server.server import LocalServer

CLIENT = """
import asyncio, sys
from pathlib import Path
import psutil
from voicechat_tui.local_server.server import LocalServer

async def main():
    async with LocalServer(Path(sys.argv[1])) as server:
        (process,) = psutil.Process().children()
        print(process.pid, server.url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def _own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOICECHAT_DATABASE")


def is_running(pid: int) -> bool:
    """Whether a process does anything any more: one that nobody buries is no orphan."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_at(url: str) -> int:
    """The process that listens at an address."""
    port = int(url.rpartition(":")[2])
    listening = [at for at in psutil.net_connections("tcp") if at.laddr and at.laddr.port == port]
    return next(at.pid for at in listening if at.status == psutil.CONN_LISTEN and at.pid)


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def test_it_recognises_the_samples_and_ends_with_its_context(tmp_path: Path) -> None:
    async with LocalServer(tmp_path) as server:
        pid = pid_at(server.url)
        await asyncio.to_thread(wait_until_ready, server.url)
        result = await replay(str(DIRECTORY / "phone.wav"), "--url", server.url, "--speed", "max")
    assert result.out == transcripts()["phone"] + "\n"
    assert not psutil.pid_exists(pid)
    assert files(tmp_path) == ["local-chats.db", "local-server.log"]
    assert "server ends" in server.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_it_ends_with_its_client_however_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    client = await asyncio.create_subprocess_exec(sys.executable, "-c", CLIENT, str(tmp_path), stdout=PIPE)
    assert client.stdout is not None
    pid = int((await client.stdout.readline()).split()[0])
    assert is_running(pid)
    os.kill(client.pid, number)
    await client.wait()
    await asyncio.to_thread(wait_for_end_of, pid)


def test_it_ends_with_the_terminal_and_lets_streams_finish(tmp_path: Path) -> None:
    with in_terminal("-c", CLIENT, str(tmp_path)) as terminal:
        terminal.wait_for("\n")
        number, url = terminal.output.split()
        pid = int(number)
        wait_until_ready(url.decode())
        terminal.hang_up()
        terminal.ended()
        wait_for_end_of(pid)
    assert "server ends" in (tmp_path / "local-server.log").read_text()


async def test_a_server_that_refuses_to_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECHAT_PROT", "8000")
    with pytest.raises(VoicechatError) as caught:
        async with LocalServer(tmp_path):
            pytest.fail("it started")
    assert caught.value.code is ErrorCode.SERVER_UNREACHABLE
    assert "The environment variable VOICECHAT_PROT is not a setting" in caught.value.message
    assert str(tmp_path / "local-server.log") in caught.value.advice


async def test_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VoicechatError, match=r"No server can be started here: File exists\."):
        async with LocalServer(tmp_path / "file"):
            pytest.fail("it started")


async def test_without_the_server_s_packages_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installation.is_installed()
    monkeypatch.setattr(installation, "_NEEDED", ("fastapi", "torch_that_is_not_there"))
    assert not installation.is_installed()
    with pytest.raises(VoicechatError, match=r"torch_that_is_not_there can't be found.*voicechat\[server\]"):
        async with LocalServer(tmp_path):
            pytest.fail("it started")


def test_what_is_said_of_the_demo_model_is_true() -> None:
    tokens = json.loads((DIRECTORY / ".." / "tokens.json").read_text(encoding="utf-8"))
    characters = [token for token in tokens if re.fullmatch("[\u4e00-\u9fff]", token)]
    assert f"{len(characters)} Chinese characters" in installation.DEMO_MODEL
