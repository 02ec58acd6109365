"""`voicechat-server` in this process: what it prints and its exit status when it can't start."""

import socket
from collections.abc import Iterator

import pytest

from tests.support.logging import restored_logging
from voicechat_common import __version__
from voicechat_server.cli import main


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    with restored_logging():
        yield


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"voicechat-server {__version__}\n", "")


def test_without_a_command_the_commands_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys)
    assert status == 2
    assert "serve" in out + err
    assert "models" in out + err


def test_a_setting_that_can_not_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "serve", "--port", "99999")
    assert (status, out) == (1, "")
    assert err.startswith("Error: --port is 99999: ")
    assert "The TCP port to listen on" in err


def test_a_value_of_the_wrong_kind(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "serve", "--port", "http")
    assert status == 2
    assert "'--port'" in err


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, out, err = run(capsys, "serve", "--model", "demo", "--port", str(port))
    assert (status, out) == (1, "")
    assert err.startswith(f"Error: Port {port} on 127.0.0.1 is in use by another program.\n")
