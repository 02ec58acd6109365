"""`voicechat-tui login`, `logout` and `whoami` on a real server, and what other commands do with a login."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.identity import Giver, asking_for_tokens
from tests.support.pseudo_terminal import TerminalProcess, in_terminal
from tests.support.replay_cli import Ended, ended, start_tui, tui
from tests.support.samples import DIRECTORY
from tests.support.server import LiveServer
from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.identity import AuthMode, Whoami
from voicechat_server.identity.links import invitation_link
from voicechat_server.identity.model import Scope
from voicechat_tui.client.connection.connect import open_socket
from voicechat_tui.client.http import HttpClient
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.identity import kept
from voicechat_tui.identity.login_file import Login, login_file
from voicechat_tui.identity.own_token import TOKEN_VARIABLE

Asked = tuple[LiveServer, Giver]
NOT_LOGGED_IN = "Log in with `voicechat-tui login {}`"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asking_for_tokens(tmp_path_factory.mktemp("asked")) as both:
        yield both


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VOICECHAT_TUI_LOG", str(tmp_path / "tui.log"))


async def login(server: LiveServer, token: str) -> Ended:
    return await tui("login", server.http, data=f"{token}\n".encode())


def said(result: Ended) -> str:
    return result.out + result.err


async def test_an_invitation_becomes_a_login_that_every_command_uses(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    link = invitation_link(server.http, giver.invitation().text)
    logged_in = await tui("login", link, "--name", "mia")
    assert logged_in.code == 0, logged_in.err
    assert f"You are mia on {server.http}. The login is in a file that only you can read." in logged_in.err
    place = ("--chat", chat_id, "--url", server.http)
    assert (await tui("say", *place, "hello")).code == 0
    shown = await tui("tail", *place, "--no-follow")
    assert (shown.code, shown.out.rstrip().endswith("mia: hello")) == (0, True)
    whoami = json.loads((await tui("whoami", server.http, "--json")).out)
    assert (whoami["name"], whoami["server"]) == ("mia", server.http)
    assert Whoami.model_validate(whoami).scopes == ["read", "speak", "write"]
    lines = (await tui("whoami", server.http)).out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["Server", server.http], ["Name", "mia"]]
    again = await tui("login", link, "--name", "nora")
    assert again.code == ExitCode.UNREACHABLE
    assert kept.login_for(server.http) == (server.http, Login(name="mia", token=token_of(server)))
    out = await tui("logout", server.http)
    assert (out.code, "is forgotten on this machine" in out.err) == (0, True)
    refused = await tui("say", *place, "hello")
    assert refused.code == ExitCode.UNREACHABLE
    assert NOT_LOGGED_IN.format(server.http) in refused.err


def token_of(server: LiveServer) -> str:
    token = kept.token_for(server.http)
    assert token is not None
    return token


async def test_a_token_is_read_from_standard_input(asked: Asked) -> None:
    server, giver = asked
    token = giver.token("olga")
    logged_in = await login(server, token)
    assert (logged_in.code, "You are olga" in logged_in.err) == (0, True)
    assert token not in said(logged_in)
    assert (await tui("logout", server.http)).code == 0
    link = invitation_link(server.http, giver.invitation().text)
    piped = await tui("login", "--name", "pia", data=link.encode())
    assert (piped.code, f"You are pia on {server.http}" in piped.err) == (0, True)


async def test_who_is_logged_in_joins_a_chat_with_an_invitation(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    await login(server, giver.token("owner"))
    assert (await tui("say", "--chat", chat_id, "--url", server.http, "mine")).code == 0
    await login(server, giver.token("guest"))
    before = kept.login_for(server.http)
    link = invitation_link(server.http, giver.invitation(chats=[chat_id]).text)
    joined = await tui("login", link)
    assert (joined.code, "You are guest" in joined.err) == (0, True), joined.err
    assert kept.login_for(server.http) == before


async def test_a_name_that_is_taken_leaves_the_invitation(asked: Asked) -> None:
    server, giver = asked
    giver.token("quentin")
    link = invitation_link(server.http, giver.invitation().text)
    taken = await tui("login", link, "--name", "Quentin")
    assert (taken.code, "Traceback" in taken.err) == (ExitCode.USAGE, False)
    nameless = await tui("login", link)
    assert (nameless.code, "Say it with --name" in nameless.err) == (ExitCode.USAGE, True)
    assert (await tui("login", link, "--name", "rita")).code == 0


@pytest.mark.parametrize(
    ("secret", "code"),
    [("e30.e30.e30", 4), ("two words", 2), ("", 2), ("#invitation=e30.e30.e30", 4), ("#invitation=", 2)],
)
async def test_what_the_server_does_not_know_is_not_kept(asked: Asked, secret: str, code: int) -> None:
    server, _ = asked
    refused = await tui("login", server.http, "--name", "sven", data=secret.encode())
    assert (refused.code, "Traceback" in refused.err) == (code, False), refused.err
    assert kept.login_for(server.http) is None


async def test_a_login_that_could_not_be_kept_uses_up_no_invitation(asked: Asked, tmp_path: Path) -> None:
    server, giver = asked
    link = invitation_link(server.http, giver.invitation().text)
    (tmp_path / "data" / "logins.json").mkdir(parents=True)
    refused = await tui("login", link, "--name", "tom")
    assert (refused.code, "Is a directory" in refused.err) == (ExitCode.USAGE, True)
    (tmp_path / "data" / "logins.json").rmdir()
    assert (await tui("login", link, "--name", "tom")).code == 0


async def test_an_address_with_a_password_takes_no_token(asked: Asked) -> None:
    server, giver = asked
    refused = await tui("login", f"http://a:hunter2@{server.address}", data=giver.token("uwe").encode())
    assert (refused.code, "hunter2" in said(refused)) == (ExitCode.USAGE, False)


async def test_a_server_that_asks_nobody_needs_no_login(chat_server: LiveServer) -> None:
    result = await tui("login", chat_server.http, data=b"e30.e30.e30")
    assert (result.code, "there is nothing to log in to" in result.err) == (0, True)
    assert kept.login_for(chat_server.http) is None
    shown = await tui("whoami", chat_server.http)
    assert (shown.code, shown.out) == (0, f"{chat_server.http} asks nobody who they are.\n")
    out = await tui("logout", chat_server.http)
    assert (out.code, "There is no login" in out.err) == (0, True)


def typed_login(*arguments: str) -> "Iterator[TerminalProcess]":
    program = "from voicechat_tui.cli import main; main()"
    with in_terminal("-c", program, "login", *arguments, columns=200) as terminal:
        yield terminal


def test_a_person_is_asked_and_what_they_type_is_not_shown(asked: Asked) -> None:
    server, giver = asked
    giver.token("vera")
    link = invitation_link(server.http, giver.invitation().text)
    for terminal in typed_login(server.http):
        terminal.wait_for("Token or invitation (not shown): ")
        terminal.type(f"{link}\n")
        terminal.wait_for("Your name, as others will see it")
        terminal.type("vera\n")
        terminal.wait_for("error:")
        terminal.wait_for("]: ")
        terminal.type("walter\n")
        assert terminal.ended() == 0
        assert f"You are walter on {server.http}".encode() in terminal.output
        assert link.partition("#")[2].encode() not in terminal.output


def test_ctrl_c_at_the_question_ends_it(asked: Asked) -> None:
    server, _ = asked
    for terminal in typed_login(server.http):
        terminal.wait_for("Token or invitation")
        terminal.type("\x03")
        assert terminal.ended() == ExitCode.INTERRUPTED


async def test_a_token_of_the_environment_wins(
    asked: Asked, chat_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, giver = asked
    await login(server, giver.token("xaver"))
    monkeypatch.setenv(TOKEN_VARIABLE, giver.token("bot"))
    place = ("--chat", chat_id, "--url", server.http)
    assert (await tui("say", *place, "from a script")).code == 0
    assert "bot: from a script" in (await tui("tail", *place, "--no-follow")).out
    monkeypatch.setenv(TOKEN_VARIABLE, "e30.hunter2.e30")
    for command in (("say", *place, "x"), ("tail", *place), ("whoami", server.http)):
        refused = await tui(*command)
        assert refused.code == ExitCode.UNREACHABLE, command
        assert f"The token was taken from {TOKEN_VARIABLE}" in refused.err
        assert "hunter2" not in said(refused)
    monkeypatch.setenv(TOKEN_VARIABLE, "two words")
    assert (await tui("whoami", server.http)).code == ExitCode.USAGE


async def test_another_name_is_refused_clearly(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    await login(server, giver.token("yves"))
    recording = str(DIRECTORY / "greeting.wav")
    place = ("--chat", chat_id, "--url", server.http, "--user", "zoe")
    for command in (("say", *place, "x"), ("replay", *place, recording)):
        refused = await tui(*command)
        assert refused.code == ExitCode.USAGE, (command, refused.err)
        assert "The name 'zoe' is not yours" in refused.err


async def test_speech_without_a_login_or_the_right_to_it_is_refused_at_once(asked: Asked) -> None:
    server, giver = asked
    recording = str(DIRECTORY / "greeting.wav")
    command = ("replay", "--url", server.http, recording)
    refused = await tui(*command)
    assert refused.code == ExitCode.UNREACHABLE
    assert NOT_LOGGED_IN.format(server.http) in refused.err
    await login(server, giver.token("reader", [Scope.READ]))
    refused = await tui(*command)
    assert refused.code == ExitCode.UNREACHABLE
    assert "no scope 'speak'" in refused.err


async def test_a_token_that_is_revoked_ends_a_tail(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    issued = giver.issued("anton")
    await login(server, issued.text)
    place = ("--chat", chat_id, "--url", server.http)
    assert (await tui("say", *place, "x")).code == 0
    following = await start_tui("tail", *place)
    assert following.stdout is not None
    assert await following.stdout.readline()
    giver.revoke(issued.identity.token_id)
    result = await ended(following)
    assert (result.code, "The token was revoked." in result.err) == (ExitCode.UNREACHABLE, True)
    assert "`voicechat-tui login" in result.err


async def test_the_doctor_says_who_one_is(asked: Asked) -> None:
    server, giver = asked

    async def examined() -> tuple[int, dict[str, dict[str, str]], str]:
        result = await tui("doctor", "--json", "--no-microphone", "--url", server.http)
        found = {each["check"]: each for each in json.loads(result.out)["findings"]}
        return result.code, found, said(result)

    code, found, _ = await examined()
    assert (code, found["server"]["verdict"], found["identity"]["verdict"]) == (1, "ok", "problem")
    assert NOT_LOGGED_IN.format(server.http) in found["identity"]["next_step"]
    token = giver.token("berta", [Scope.READ])
    await login(server, token)
    _, found, everything = await examined()
    assert found["server"]["verdict"] == "ok"
    assert found["identity"]["verdict"] == "note"
    assert found["identity"]["message"].startswith(
        "You are berta, and may read. Your token is valid until 20"
    )
    assert token not in everything


@dataclass
class Elsewhere:
    """Another server, which sends everybody on.

    Attributes:
        http: Its address.
        heard: The `Authorization` of every request; None for one without.
    """

    http: str
    heard: list[str | None] = field(default_factory=list)


@contextmanager
def elsewhere(target: str | None) -> Iterator[Elsewhere]:
    """Run a server that redirects to the same path of another one, or has nothing if there is none."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.heard.append(self.headers.get("Authorization"))
            self.send_response(404 if target is None else 307)
            if target is not None:
                self.send_header("Location", target + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the name that the library looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        there = Elsewhere(f"http://127.0.0.1:{server.server_address[1]}")
        serving = Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield there
        finally:
            server.shutdown()
            serving.join()


async def test_a_login_is_for_where_a_redirect_leads(asked: Asked) -> None:
    server, giver = asked
    token = giver.token("cora")
    with elsewhere(server.http) as there:
        logged_in = await tui("login", there.http, data=token.encode())
        assert (logged_in.code, f"You are cora on {server.http}" in logged_in.err) == (0, True)
        assert kept.login_for(there.http) is None
        async with HttpClient(there.http) as http:
            assert (await http.whoami()).name == "cora"
        assert set(there.heard) == {None}


@pytest.mark.parametrize("how", ["kept", "environment", "given"])
async def test_no_token_follows_a_redirect_to_another_place(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with elsewhere(None) as stranger, elsewhere(stranger.http) as there:
        if how == "kept":
            kept.keep(there.http, "anna", "e30.e30.e30")
        if how == "environment":
            monkeypatch.setenv(TOKEN_VARIABLE, "e30.e30.e30")
        async with HttpClient(there.http, token="e30.e30.e30" if how == "given" else None) as http:
            for call in (http.whoami(), http.redeem("e30", "anna")):
                with pytest.raises(VoicechatError):
                    await call
        if how != "given":
            with pytest.raises(VoicechatError):
                await open_socket(there.http.replace("http:", "ws:") + "/ws", 10.0)
        assert set(there.heard) == {"Bearer e30.e30.e30"}
        assert set(stranger.heard) == {None}


async def test_without_a_login_nothing_is_presented(chat_server: LiveServer) -> None:
    with elsewhere(None) as there:
        kept.keep(chat_server.http, "anna", "e30.e30.e30")
        async with HttpClient(there.http) as http:
            with pytest.raises(VoicechatError):
                await http.whoami()
        assert there.heard == [None]
        # A server that asks nobody takes a token for nothing.
        async with HttpClient(chat_server.http) as http:
            assert (await http.whoami()).auth is AuthMode.NONE


async def test_a_file_that_others_read_stops_every_command(asked: Asked, chat_id: str) -> None:
    server, giver = asked
    await login(server, giver.token("dirk"))
    login_file().chmod(0o644)
    recording = str(DIRECTORY / "greeting.wav")
    for command in (("say", "--chat", chat_id, "x"), ("tail", "--chat", chat_id), ("replay", recording)):
        refused = await tui(*command, "--url", server.http)
        assert (refused.code, "Other users of this machine can read" in refused.err) == (ExitCode.USAGE, True)
