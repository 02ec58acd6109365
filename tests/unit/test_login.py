"""What somebody is called who does not say so."""

import getpass
import os

import pytest

from voicechat_tui.commands.chat_options import speaker
from voicechat_tui.login import login_name

WITHOUT_ENTRY = 1_234_567_890


@pytest.fixture
def _nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that neither the environment nor the list of users names, as of `docker run --user 12345`."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: WITHOUT_ENTRY)


def test_a_login_has_its_name() -> None:
    assert login_name() == getpass.getuser()


@pytest.mark.usefixtures("_nameless")
def test_a_login_without_a_name_has_its_number() -> None:
    assert login_name() == f"user{WITHOUT_ENTRY}"
    assert speaker(None) == f"user{WITHOUT_ENTRY}"
