"""`voicechat-server token`, `invite` and `keys`: what they print where, and what holds afterwards."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.cli import app
from voicechat_server.commands.first_invitation import offer_first_invitation
from voicechat_server.identity.authority import Authority
from voicechat_server.identity.key_file import KeyFile
from voicechat_server.identity.model import Identity, Scope
from voicechat_server.identity.registry import Registry
from voicechat_server.settings.model import Settings


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICECHAT_DATABASE", str(tmp_path / "chats.db"))
    monkeypatch.setenv("VOICECHAT_KEY_FILE", str(tmp_path / "keys.json"))
    return tmp_path / "keys.json"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def printed(*arguments: str) -> str:
    """What a command that goes well prints for a program: one line."""
    ended = run(*arguments)
    assert ended.exit_code == 0, ended.output
    (line,) = ended.stdout.splitlines()
    return line


def listed() -> list[dict[str, Any]]:
    ended = run("token", "list", "--json")
    assert ended.exit_code == 0, ended.output
    records: list[dict[str, Any]] = json.loads(ended.stdout)
    return records


def known(key_file: Path, database: Path, token: str) -> Identity:
    async def ask() -> Identity:
        async with Registry(str(database)) as registry:
            authority = Authority(KeyFile(key_file).load(), registry)
            await authority.refresh()
            return authority.identify(token)

    return asyncio.run(ask())


def test_a_token_is_printed_alone_and_is_whose_it_should_be(key_file: Path, database: Path) -> None:
    token = printed("token", "create", "--user", "anna", "--chat", "b", "--chat", "a", "--scope", "read")
    identity = known(key_file, database, token)
    assert identity.name == "anna"
    assert identity.chats == frozenset({"a", "b"})
    assert identity.scopes == {Scope.READ}


def test_what_is_secret_is_in_no_list_and_in_no_database(database: Path, key_file: Path) -> None:
    token = printed("token", "create", "--user", "anna")
    invitation = printed("invite").partition("#invitation=")[2]
    shown = run("token", "list").stdout + json.dumps(listed())
    stored = b"".join(file.read_bytes() for file in database.parent.glob("chats.db*"))
    secret = json.loads(key_file.read_bytes())["keys"][0]["d"]
    for text in (token, invitation):
        signature = text.rpartition(".")[2]
        assert signature not in shown
        assert signature.encode() not in stored
    assert secret not in shown


def test_a_revoked_token_is_known_no_more(key_file: Path, database: Path) -> None:
    first, second = (printed("token", "create", "--user", name) for name in ("anna", "bob"))
    assert printed("token", "revoke", listed()[0]["token_id"]) == "Revoked: 1."
    with pytest.raises(VoicechatError, match="revoked"):
        known(key_file, database, first)
    assert known(key_file, database, second).name == "bob"
    printed("token", "create", "--user", "bob")
    assert printed("token", "revoke", "--user", "bob") == "Revoked: 2."
    assert printed("token", "revoke", "--user", "bob") == "Revoked: 0."
    assert [record["revoked_at"] is None for record in listed()] == [False] * 3


def test_the_list_for_a_person_tells_the_state_of_each() -> None:
    printed("token", "create", "--user", "安娜")
    printed("invite", "--many")
    printed("invite")
    rows = run("token", "list").stdout.splitlines()
    assert [row.split()[1:3] for row in rows] == [
        ["KIND", "WHOSE"],
        ["token", "安娜"],
        ["invitation", "-"],
        ["invitation", "-"],
    ]
    assert [row.rpartition("  ")[2] for row in rows[1:]] == ["valid", "open to many", "open"]


def test_an_invitation_is_a_link_to_where_people_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed("invite").startswith("http://localhost:8000/#invitation=ey")
    assert printed("invite", "--url", "https://a.example/voice/").startswith("https://a.example/voice/#inv")
    monkeypatch.setenv("VOICECHAT_PUBLIC_URL", "https://chat.example.com")
    assert printed("invite").startswith("https://chat.example.com/#invitation=ey")


def test_keys_rotate_without_locking_anybody_out_and_are_forgotten_on_purpose(
    key_file: Path, database: Path
) -> None:
    token = printed("token", "create", "--user", "anna")
    assert printed("keys", "rotate").endswith("Older keys that still verify: 1.")
    assert known(key_file, database, token).name == "anna"
    assert printed("keys", "rotate", "--forget").endswith("Older keys that still verify: 0.")
    with pytest.raises(VoicechatError, match="not one of this server's"):
        known(key_file, database, token)


def test_the_first_invitation_is_printed_once_and_is_the_administrators(
    key_file: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.load()

    def printed_at_a_start() -> str:
        asyncio.run(offer_first_invitation(settings, "127.0.0.1:8000"))
        return capsys.readouterr().out

    first = printed_at_a_start()
    assert "works once" in first
    command, _, invitation = first.splitlines()[-1].partition("/#invitation=")
    assert command == "  voicechat-tui login http://127.0.0.1:8000"
    assert printed_at_a_start() == ""

    async def redeem() -> Identity:
        async with Registry(str(database)) as registry:
            return (await Authority(KeyFile(key_file).load(), registry).redeem(invitation, "anna")).identity

    assert asyncio.run(redeem()).is_admin
    key_file.unlink()
    assert "/#invitation=" in printed_at_a_start()


def test_who_has_tokens_already_is_offered_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    printed("token", "create", "--user", "anna")
    asyncio.run(offer_first_invitation(Settings.load(), "127.0.0.1:8000"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("token", "create", "--user", "a\tb"), "control or invisible character"),
        (("token", "create", "--user", "anna", "--chat", "../x"), "a chat id has"),
        (("token", "create", "--user", "anna", "--expires", "soon"), "a length of time"),
        (("token", "create", "--user", "anna", "--scope", "fly"), "fly"),
        (("token", "create", "--user", "anna", *("--chat=x",) * 21), "one token may name 20 chats"),
        (("token", "revoke"), "name the ids of tokens"),
        (("token", "revoke", "t-1"), "there is no t-1"),
        (("token", "revoke", "--user", "zoe"), "'zoe' was ever given a token"),
        (("invite", "--expires", "0d"), "longer than nothing"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_used_is_told(arguments: tuple[str, ...], said: str) -> None:
    ended = run(*arguments)
    assert ended.exit_code == 2
    assert said in " ".join(ended.stderr.split())
    assert listed() == []


def test_a_name_like_another_is_refused() -> None:
    printed("token", "create", "--user", "anna")
    ended = run("token", "create", "--user", "Anna")
    assert isinstance(ended.exception, VoicechatError)
    assert ended.exception.code is ErrorCode.NAME_TAKEN


def test_a_key_file_that_others_may_read_makes_no_token(key_file: Path) -> None:
    printed("token", "create", "--user", "anna")
    key_file.chmod(0o644)
    ended = run("token", "create", "--user", "anna")
    assert isinstance(ended.exception, VoicechatError)
    assert f"chmod 600 {key_file}" in ended.exception.advice
