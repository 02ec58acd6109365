"""Small model directories for tests, and a network that may not be used."""

import shutil
import socket
from pathlib import Path

import pytest

from voicechat_server.asr.models.catalog import demo_directory
from voicechat_server.asr.models.directory.files import REQUIRED


def copy_demo(target: Path) -> Path:
    """Copy the demo model's files into a new directory."""
    target.mkdir(parents=True)
    for name in REQUIRED:
        shutil.copy(demo_directory() / name, target / name)
    return target


def forbid_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every look-up of a name and every connection of this process fail the test."""

    def refuse(*_: object) -> None:
        pytest.fail("the network was used")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
