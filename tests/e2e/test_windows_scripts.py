"""start.bat and docker-test.bat, run by wine with stand-ins for Python, Docker and curl."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from tests.support.wine import Windows, path, wine_home
from voicechat_server.api.paths import ENDPOINTS
from voicechat_server.cli import app as server
from voicechat_tui.cli import app as client

ROOT = Path(__file__).parents[2]
START, DOCKER_TEST = ROOT / "start.bat", ROOT / "docker-test.bat"
FILES = ("requirements.txt", "constraints.txt", "pyproject.toml", "main.py")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with wine_home(tmp_path_factory.mktemp("wine")) as home:
        yield home


@pytest.fixture
def windows(home: Path, tmp_path: Path) -> Windows:
    return Windows(home, tmp_path)


@pytest.fixture
def checkout(windows: Windows) -> Windows:
    """A checkout in which nothing is installed yet."""
    windows.copy(START, *(ROOT / name for name in FILES))
    return windows


@pytest.fixture
def engine(windows: Windows) -> Windows:
    """A checkout on a machine with Docker."""
    windows.copy(DOCKER_TEST)
    for name in ("docker", "curl", "ping"):
        windows.program(name)
    return windows


def python(windows: Windows, *behaviour: str) -> None:
    """A Python that makes environments, whose own Python behaves likewise."""
    programs = windows.work / ".venv" / "Scripts"
    own = path(windows.program("python"))
    windows.program(
        "python",
        f'if "%3"=="venv" mkdir "{path(programs)}"',
        f'if "%3"=="venv" copy {own} "{path(programs)}\\python.exe" >nul',
        'if "%3"=="venv" exit /b 0',
        *behaviour,
    )


def test_start_makes_an_environment_installs_and_serves(checkout: Windows) -> None:
    python(checkout)
    first = checkout.run("start.bat", "demo", "--port", "9000")
    assert first.status == 0, first.out
    assert [call.partition(" -c ")[0] for call in first.calls] == [
        "python",
        "python -m venv .venv",
        "python tools\\pytorch.py",
        "python -m pip install --disable-pip-version-check --quiet -r requirements.txt",
        "python main.py --model demo --port 9000",
    ]
    for address in ("http://localhost:8000/docs", "http://localhost:8000/ready", "ws://localhost:8000/ws"):
        assert address in first.out
    assert not re.search("[Ee]rror|recognize", first.out)

    second = checkout.run("start.bat", VOICECHAT_PORT="9001")
    assert [call.partition(" -c ")[0] for call in second.calls] == ["python main.py"]
    assert "ws://localhost:9001/ws" in second.out

    with (checkout.work / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write("# a change\n")
    assert "python -m pip install" in "\n".join(checkout.run("start.bat").calls)


def test_start_without_python_says_where_to_get_it(checkout: Windows) -> None:
    ended = checkout.run("start.bat")
    assert ended.status == 1
    assert "No Python from 3.11 to 3.14 was found" in ended.out
    assert "python.org" in ended.out


def test_start_passes_over_a_python_that_is_too_new(checkout: Windows) -> None:
    checkout.program("python", "exit /b 1")
    checkout.program("py", 'if not "%2"=="-3.13" exit /b 1')
    ended = checkout.run("start.bat")
    assert [call.partition(" -c ")[0] for call in ended.calls][:5] == [
        "py -3",
        "python",
        "py -3.14",
        "py -3.13",
        "py -3.13 -m venv .venv",
    ]


@pytest.mark.parametrize("fails", ['if "%3"=="pip" exit /b 1', 'if "%2"=="tools\\pytorch.py" exit /b 1'])
def test_start_says_that_the_installation_failed_and_tries_again(checkout: Windows, fails: str) -> None:
    python(checkout, fails)
    ended = checkout.run("start.bat", "demo")
    assert ended.status == 1
    assert "The installation failed" in ended.out
    assert not any("main.py" in call for call in ended.calls)
    again = checkout.run("start.bat", "demo")
    assert "python tools\\pytorch.py" in again.calls


def test_start_ends_with_the_status_of_the_server(checkout: Windows) -> None:
    python(checkout, 'if "%2"=="main.py" exit /b 3')
    assert checkout.run("start.bat").status == 3


def test_docker_test_builds_runs_asks_replays_and_cleans_up(engine: Windows) -> None:
    ended = engine.run("docker-test.bat", "18123")
    assert (ended.status, ended.out.splitlines()[-1]) == (0, "PASSED"), ended.out
    assert [" ".join(call.split()[:2]) for call in ended.calls if call.startswith("docker")] == [
        "docker version",
        "docker build",
        "docker build",
        "docker rm",
        "docker run",
        "docker run",
        "docker rm",
    ]
    asked = [
        call.rpartition("http://127.0.0.1:18123")[2].strip('"') for call in ended.calls if "curl" in call
    ]
    assert asked == [
        "/ready",
        "/",
        "/docs",
        "/health",
        "/ready",
        "/asr/info",
        "/metrics",
        "/chat/list?id=nobody",
    ]
    assert {name.partition("?")[0] for name in asked} <= set(ENDPOINTS)


@pytest.mark.parametrize(
    ("program", "fails", "complaint"),
    [
        ("docker", 'if "%2"=="version" exit /b 1', "Docker does not answer"),
        ("docker", 'if "%2"=="build" exit /b 1', "the images could not be built"),
        ("docker", 'if "%3"=="-d" exit /b 125', "is port 18000 in use"),
        ("curl", "exit /b 22", "not ready after 2 seconds"),
        ("curl", 'if %5=="http://127.0.0.1:18000/asr/info" exit /b 22', "/asr/info did not answer"),
        ("docker", 'if "%3"=="--rm" exit /b 1', "the recording was not recognised"),
    ],
)
def test_docker_test_says_what_failed_and_cleans_up(
    engine: Windows, program: str, fails: str, complaint: str
) -> None:
    engine.program(program, fails)
    ended = engine.run("docker-test.bat", "18000", "2")
    assert ended.status == 1
    failed = ended.out.splitlines()[-1]
    assert failed.startswith("FAILED: ")
    assert complaint in failed
    assert "PASSED" not in ended.out
    assert ended.calls[-1] in ("docker version", "docker rm -f -v voice-chat-test")


@pytest.mark.parametrize("script", [START, DOCKER_TEST], ids=lambda script: script.name)
def test_a_script_is_plain_and_switches_the_console_to_utf_8(script: Path) -> None:
    content = script.read_bytes()
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert b"chcp 65001 >nul" in content


def test_line_ends_survive_any_checkout() -> None:
    done = subprocess.run(
        ["git", "check-attr", "eol", "--", "start.bat", ".ci/run", "Makefile", "Dockerfile"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert [line.rpartition(": ")[2] for line in done.stdout.splitlines()] == ["crlf", "lf", "lf", "lf"]


def test_what_the_scripts_call_exists() -> None:
    start, docker_test = (script.read_text(encoding="utf-8") for script in (START, DOCKER_TEST))
    for file in (*FILES, "tools/pytorch.py"):
        assert file.replace("/", "\\") in start
        assert (ROOT / file).is_file()
    serve = {
        name for parameter in typer.main.get_group(server).commands["serve"].params for name in parameter.opts
    }
    assert {"--model", "--port"} <= serve
    replay = {
        name
        for parameter in typer.main.get_group(client).commands["replay"].params
        for name in parameter.opts
    }
    assert "replay --url" in docker_test
    assert "--url" in replay
    assert "--target client" in docker_test
    assert " AS client\n" in DOCKERFILE
    assert "ARG MODEL=" in DOCKERFILE
    assert "/samples/complaint.wav" in docker_test
    assert "COPY server/voicechat_server/asr/demo_model/samples /samples" in DOCKERFILE
    assert (ROOT / "server/voicechat_server/asr/demo_model/samples/complaint.wav").is_file()
