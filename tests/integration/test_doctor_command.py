"""`voicechat-tui doctor` as a process: against real and wrong servers, microphones and terminals."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.null_sink import no_microphone, null_sink
from tests.support.programs import require_portaudio
from tests.support.pseudo_terminal import in_terminal
from tests.support.replay_cli import ended
from tests.support.samples import DIRECTORY
from tests.support.server import LiveServer, free_port

PROGRAM = "from voicechat_tui.cli import main; main()"


@dataclass(frozen=True)
class Examined:
    """What the doctor said: verdict, message and next step of each check."""

    code: int
    findings: dict[str, tuple[str, str, str]]
    talk: str


async def start(*arguments: str, environment: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        "doctor",
        "--json",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONWARNINGS": "error", **(environment or {})},
    )


async def examined(process: asyncio.subprocess.Process) -> Examined:
    result = await ended(process)
    data = json.loads(result.out)
    assert data["ok"] is (result.code == 0)
    found = {
        item["check"]: (item["verdict"], item["message"], item["next_step"]) for item in data["findings"]
    }
    return Examined(result.code, found, result.err)


async def examine(*arguments: str, environment: Mapping[str, str] | None = None) -> Examined:
    return await examined(await start(*arguments, environment=environment))


async def test_a_good_server(live_server: LiveServer) -> None:
    result = await examine("--no-microphone", "--url", live_server.address)
    assert (result.code, result.talk) == (0, "")
    assert list(result.findings) == [
        "terminal",
        "text",
        "config",
        "log",
        "journal",
        "server",
        "identity",
        "model",
        "clock",
    ]
    verdict, message, _ = result.findings["server"]
    assert verdict == "ok"
    assert message.startswith(f"{live_server.address} answers in ")
    verdict, message, step = result.findings["model"]
    assert (verdict, message.split(",")[0]) == ("note", "demo is ready on cpu")
    assert "synthetic voices only" in step
    assert result.findings["clock"][0] == "ok"


async def test_no_server(tmp_path: Path) -> None:
    result = await examine("--no-microphone", "--url", f"127.0.0.1:{free_port()}")
    assert result.code == 1
    verdict, message, step = result.findings["server"]
    assert (verdict, "can't be reached" in message, "voicechat-server" in step) == ("problem", True, True)
    assert "model" not in result.findings


class _Garbage(BaseHTTPRequestHandler):
    answer = b"{}"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_request(self, *_: object) -> None:
        pass


class _OtherProtocol(_Garbage):
    answer = json.dumps(
        {
            "status": "healthy",
            "asr_available": True,
            "active_connections": 0,
            "total_chats": 0,
            "timestamp": "2026-11-24T12:00:00Z",
            "uptime_s": 1,
            "versions": {"voicechat": "9.0", "protocol": 99, "python": "4", "funasr": None, "torch": None},
        }
    ).encode()


@pytest.mark.parametrize(
    ("kind", "words"),
    [(_Garbage, "voicechat"), (_OtherProtocol, "99")],
)
async def test_a_server_that_is_none_of_ours(kind: type[_Garbage], words: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as httpd:
        Thread(target=httpd.serve_forever).start()
        try:
            result = await examine("--no-microphone", "--url", f"127.0.0.1:{httpd.server_address[1]}")
        finally:
            httpd.shutdown()
    assert result.code == 1
    verdict, message, step = result.findings["server"]
    assert verdict == "problem"
    assert words in message
    assert step


async def test_settings_with_mistakes(live_server: LiveServer, tmp_path: Path) -> None:
    settings = tmp_path / "tui.toml"
    settings.write_text(f'url = "{live_server.address}"\ntheme = "purple"\n')
    result = await examine("--no-microphone", environment={"VOICECHAT_TUI_CONFIG": str(settings)})
    assert result.code == 1
    verdict, message, _ = result.findings["config"]
    assert verdict == "problem"
    assert message.startswith(f"{settings}, line 2, column 9: theme is 'purple': it must be one of 'auto'")
    assert result.findings["server"][0] == "ok"


async def test_no_microphone(live_server: LiveServer, tmp_path: Path) -> None:
    require_portaudio()
    result = await examine("--url", live_server.address, environment=no_microphone(tmp_path))
    assert result.code == 1
    assert result.findings["portaudio"][0] == "ok"
    assert result.findings["devices"][0] == "problem"
    assert "level" not in result.findings


async def test_a_microphone_somebody_speaks_into(live_server: LiveServer) -> None:
    with null_sink() as sink:
        process = await start("--url", live_server.address, environment=sink.environment)
        assert process.stderr is not None
        invitation = (await process.stderr.readline()).decode()
        await asyncio.to_thread(sink.play, Path(str(DIRECTORY / "phone.wav")))
        result = await examined(process)
    assert result.code == 0
    assert invitation.startswith("Speak into default (ALSA)")
    verdict, message, _ = result.findings["devices"]
    assert (verdict, "headset (ALSA)" in message) == ("ok", True), message
    verdict, message, _ = result.findings["rate"]
    assert (verdict, "16000" in message) == ("ok", True)
    verdict, message, _ = result.findings["level"]
    assert verdict == "ok", message
    assert -40 < int(message.removeprefix("Peak at ").split()[0]) <= 0


async def test_a_microphone_that_delivers_zeros(live_server: LiveServer) -> None:
    with null_sink() as sink:
        result = await examine("--url", live_server.address, environment=sink.environment)
    assert result.code == 1
    verdict, message, step = result.findings["level"]
    assert (verdict, "not even noise" in message, "mute switch" in step) == ("problem", True, True)


def test_a_table_in_a_terminal_in_the_person_s_language(live_server: LiveServer) -> None:
    arguments = ("-c", PROGRAM, "doctor", "--no-microphone", "--url", live_server.address)
    with in_terminal(*arguments, environment={"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": ""}) as terminal:
        assert terminal.ended() == 0
    shown = terminal.output.decode()
    assert "xterm-256color，80 列，24 行。" in shown
    assert "demo 在 cpu 上就绪" in shown
    assert "Traceback" not in shown
