"""Logins on this machine: in a keyring that works, else in a file that nobody else reads."""

import json
import sys
from pathlib import Path

import pytest

from tests.support import keyring_double
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.identity import kept, login_file, system_keyring
from voicechat_tui.identity.kept import Keeping
from voicechat_tui.identity.own_token import LONGEST_TOKEN, TOKEN_VARIABLE, own_token

SERVER = "https://voice.example/chat"
TOKEN = "eyJhbGciOi.hunter2.c2ln"


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv(keyring_double.FILE_VARIABLE, str(tmp_path / "keyring.json"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def use(monkeypatch: pytest.MonkeyPatch, keyring: str) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{keyring_double.__name__}.{keyring}")


def everything_in(directory: Path) -> str:
    return "".join(file.read_text() for file in directory.rglob("*") if file.is_file())


def test_without_a_keyring_a_file_keeps_it_that_only_its_owner_reads(tmp_path: Path) -> None:
    assert kept.keep(SERVER, "anna", TOKEN) is Keeping.FILE
    assert kept.token_for(f"{SERVER}/chat/list?id=anna") == TOKEN
    assert kept.token_for("wss://voice.example/chat/ws") == TOKEN
    assert kept.token_for("http://voice.example/chat/ws") is None
    modes = {file.stat().st_mode & 0o777 for file in (tmp_path / "data").iterdir()}
    assert modes == {0o600}


def test_a_keyring_keeps_it_and_the_file_says_only_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "Open")
    assert kept.keep(SERVER, "anna", TOKEN) is Keeping.KEYRING
    assert TOKEN not in everything_in(tmp_path / "data")
    assert kept.token_for(f"{SERVER}/ws") == TOKEN
    assert kept.keep(SERVER, "anna", "another") is Keeping.KEYRING
    assert kept.token_for(f"{SERVER}/ws") == "another"
    kept.forget(SERVER)
    assert kept.token_for(f"{SERVER}/ws") is None
    assert json.loads((tmp_path / "keyring.json").read_text()) == {}


def test_a_server_without_a_login_asks_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    kept.keep(SERVER, "anna", TOKEN)

    def asked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(system_keyring, "_asked", asked)
    assert kept.token_for("https://other.example") is None
    assert kept.token_for(SERVER) == TOKEN


@pytest.mark.parametrize("keyring", ["Silent", "Asking", "Failing"])
def test_a_keyring_that_does_not_work_fails_no_login(
    keyring: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_keyring, "WITHIN_S", 2.0)
    use(monkeypatch, keyring)
    assert kept.keep(SERVER, "anna", TOKEN) is Keeping.FILE
    assert kept.token_for(SERVER) == TOKEN


def test_why_a_keyring_fails_has_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "Failing")
    with pytest.raises(system_keyring.KeyringError, match=r"can't keep \*\*\*"):
        system_keyring.store(SERVER, TOKEN)


def test_a_keyring_that_is_locked_later_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "Open")
    kept.keep(SERVER, "anna", TOKEN)
    monkeypatch.setattr(system_keyring, "WITHIN_S", 1.0)
    use(monkeypatch, "Silent")
    for ask in (kept.token_for, kept.forget):
        with pytest.raises(VoicechatError, match="did not answer within 1 s") as caught:
            ask(SERVER)
        assert caught.value.code is ErrorCode.UNAUTHORIZED
        assert f"`voicechat-tui login {SERVER}`" in caught.value.advice
    # Nobody is locked out: another login replaces it.
    use(monkeypatch, "Failing")
    assert kept.keep(SERVER, "anna", "another") is Keeping.FILE
    assert kept.token_for(SERVER) == "another"


def test_a_token_that_is_gone_from_the_keyring_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "Open")
    kept.keep(SERVER, "anna", TOKEN)
    (tmp_path / "keyring.json").unlink()
    with pytest.raises(VoicechatError, match="the token is gone from it"):
        kept.token_for(SERVER)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    kept.keep(SERVER, "anna", TOKEN)
    login_file.login_file().chmod(mode)

    def keep() -> None:
        kept.keep(SERVER, "a", "b")

    def look() -> None:
        kept.token_for(SERVER)

    for use_it in (look, kept.prepare, keep):
        with pytest.raises(VoicechatError, match="Other users of this machine can read") as caught:
            use_it()
        assert "chmod 600" in caught.value.advice
    login_file.login_file().chmod(0o600)
    assert kept.token_for(SERVER) == TOKEN


@pytest.mark.parametrize("text", ["", "{", '{"version": 2}', '{"servers": {"a": {"token": [7]}}}'])
def test_a_damaged_file_is_told_without_what_is_in_it(text: str) -> None:
    kept.prepare()
    login_file.login_file().write_text(text.replace("7", f'"{TOKEN}"'))
    with pytest.raises(VoicechatError, match="it is damaged") as caught:
        kept.token_for(SERVER)
    assert TOKEN not in f"{caught.value} {caught.value.__cause__}"


def test_a_file_that_cannot_be_read_is_told() -> None:
    login_file.login_file().mkdir(parents=True)
    with pytest.raises(VoicechatError, match="can't be used: Is a directory"):
        kept.token_for(SERVER)


def test_the_login_of_the_longest_path_counts() -> None:
    kept.keep("https://voice.example", "anna", "outer")
    kept.keep("https://voice.example/a", "bob", "inner")
    assert kept.token_for("https://voice.example/a/ws") == "inner"
    assert kept.token_for("https://voice.example/ab/ws") == "outer"
    kept.forget("https://voice.example")
    assert kept.token_for("https://voice.example/ws") is None
    assert kept.token_for("https://voice.example/a/ws") == "inner"


@pytest.mark.parametrize("value", ["a b", "a\nb", "ü", "Bearer x", "=", "x" * (LONGEST_TOKEN + 1)])
def test_what_can_be_no_token_is_refused_without_repeating_it(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, value)
    with pytest.raises(VoicechatError, match=TOKEN_VARIABLE) as caught:
        own_token()
    assert caught.value.code is ErrorCode.BAD_SETTING
    assert value not in str(caught.value) or value == "="


@pytest.mark.parametrize(("value", "token"), [("", None), ("  ", None), (f" {TOKEN}\n", TOKEN)])
def test_a_token_of_the_environment(value: str, token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, value)
    assert own_token() == token
