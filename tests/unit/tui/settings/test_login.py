"""What somebody is called who does not say so, and where their files are."""

import getpass
import os

import pytest

from voicechat_common.errors import VoicechatError
from voicechat_tui.commands.chat_options import speaker
from voicechat_tui.files import paths
from voicechat_tui.settings.model import Settings

WITHOUT_ENTRY = 1_234_567_890


@pytest.fixture
def _nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that neither the environment nor the list of users names, as of `docker run --user 12345`."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: WITHOUT_ENTRY)


def test_a_login_has_its_name() -> None:
    assert Settings().name == getpass.getuser()


@pytest.mark.usefixtures("_nameless")
@pytest.mark.parametrize("variables", [{}, {paths.CONFIG_VARIABLE: "~/tui.toml"}])
def test_a_login_without_a_home_is_told_what_to_set(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for variable in ("HOME", "XDG_CONFIG_HOME", paths.CONFIG_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(VoicechatError, match="no home directory") as caught:
        paths.config_file()
    assert caught.value.advice == "Set HOME, or name a location with VOICECHAT_TUI_CONFIG."


@pytest.mark.usefixtures("_nameless")
def test_a_login_without_a_name_has_its_number() -> None:
    assert Settings().name == f"user{WITHOUT_ENTRY}"
    assert speaker(None) == f"user{WITHOUT_ENTRY}"
