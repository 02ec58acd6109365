"""`voicechat-tui say` and `tail` as processes, against a real server."""

import asyncio
import getpass
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.chat_client import in_chat
from tests.support.chat_server import ChatProcess
from tests.support.replay_cli import ended, start_tui, tui
from tests.support.server import LiveServer, free_port
from voicechat_common.protocol.chat import EndChat, NewMessage
from voicechat_tui.client.http import HttpClient
from voicechat_tui.commands import say, tail

SENT = re.compile(r"\d\d:\d\d:\d\d (\S+): (.*)")


async def stored(server: str, chat_id: str) -> list[tuple[str, str]]:
    async with HttpClient(server) as http:
        return [(message.speaker, message.content) async for message in http.history(chat_id)]


async def next_line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().rstrip("\n")


async def test_a_text_is_said_once_and_shown(chat_server: LiveServer, chat_id: str) -> None:
    place = ("--chat", chat_id, "--url", chat_server.http)
    said = await tui("say", *place, "--user", "alice", "你好 world")
    assert (said.code, said.out, said.err) == (0, "", "")
    assert await stored(chat_server.http, chat_id) == [("alice", "你好 world")]
    shown = await tui("tail", *place, "--no-follow")
    assert (shown.code, shown.err) == (0, "")
    found = SENT.fullmatch(shown.out.rstrip("\n"))
    assert found, "a time, a name, a text, and no colours where there is no terminal"
    assert found.groups() == ("alice", "你好 world")


async def test_without_a_name_the_login_says_it_and_a_guest_reads(
    chat_server: LiveServer, chat_id: str
) -> None:
    place = ("--chat", chat_id, "--url", chat_server.http)
    assert (await tui("say", *place, "hello")).code == 0
    assert (await tui("tail", *place, "--no-follow")).code == 0
    assert await stored(chat_server.http, chat_id) == [(getpass.getuser(), "hello")]
    async with HttpClient(chat_server.http) as http:
        assert (await http.chat(chat_id)).participants == [getpass.getuser()]


async def test_lines_of_standard_input_are_messages_in_order(chat_server: LiveServer, chat_id: str) -> None:
    lines = [str(number) for number in range(500)]
    data = "\r\n".join(["", *lines, "   ", "last"]).encode()
    said = await tui(
        "say", "--chat", chat_id, "--user", "bot", "--json", "--url", chat_server.ws + "/ws", "-", data=data
    )
    assert (said.code, said.err) == (0, "")
    acks = [json.loads(line) for line in said.out.splitlines()]
    assert [(ack["type"], ack["seq"]) for ack in acks] == [("acked", seq) for seq in range(1, 502)]
    assert await stored(chat_server.http, chat_id) == [("bot", line) for line in [*lines, "last"]]
    shown = await tui("tail", "--chat", chat_id, "-n", "2", "--no-follow", "--url", chat_server.http)
    assert [line.split(": ")[1] for line in shown.out.splitlines()] == ["499", "last"]


async def test_a_text_that_is_refused_fails_and_the_others_are_stored(
    chat_server: LiveServer, chat_id: str
) -> None:
    place = ("--chat", chat_id, "--user", "alice", "--url", chat_server.http)
    said = await tui("say", *place, "-", data=f"one\n{'x' * 4001}\ntwo\n".encode())
    assert said.code == 1
    assert "error: The text can't be sent: " in said.err
    assert await stored(chat_server.http, chat_id) == [("alice", "one"), ("alice", "two")]
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.send(EndChat())
        late = await tui("say", *place, "--json", "late")
    assert late.code == 1
    assert late.err.startswith("refused: late\n")
    assert json.loads(late.out)["code"] == "chat_ended"


async def test_a_name_that_looks_like_another_is_refused_with_what_to_do(
    chat_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.say("hello")
        place = ("--chat", chat_id, "--url", chat_server.http)
        said = await tui("say", *place, "--user", "Alice", "I am alice")
    assert said.code == 2
    assert "error: The name 'Alice' looks like 'alice'" in said.err
    assert "Choose a name that can't be mistaken for that one" in said.err
    assert await stored(chat_server.http, chat_id) == [("alice", "hello")]


async def test_a_chat_is_followed_until_it_ends(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.say("before")
        following = await start_tui("tail", "--chat", chat_id, "--url", chat_server.http)
        assert (await next_line(following)).endswith("alice: before")
        await alice.say("two\nlines")
        assert (await next_line(following)).endswith("alice: two")
        assert await next_line(following) == "    lines"
        await alice.send(EndChat())
        left = await ended(following)
    assert (left.code, left.out) == (0, "")
    assert left.err == "alice has ended the chat.\n"


async def test_every_event_is_a_line_of_json(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        following = await start_tui("tail", "--chat", chat_id, "--json", "--url", chat_server.http)
        types = [json.loads(await next_line(following))["type"] for _ in range(2)]
        assert types == ["connected", "caught_up"]
        await alice.say("hello")
        while (event := json.loads(await next_line(following)))["type"] != "stored":
            assert event["type"] in ("network_delay", "presence")
        assert NewMessage.model_validate(event["message"]).content == "hello"
        following.send_signal(signal.SIGINT)
        left = await ended(following)
    assert (left.code, left.err) == (130, "")


async def test_a_chat_that_is_not_there(chat_server: LiveServer, chat_id: str) -> None:
    shown = await tui("tail", "--chat", chat_id, "--url", chat_server.http)
    assert (shown.code, shown.out) == (1, "")
    assert shown.err.startswith(f"error: There is no chat '{chat_id}' on this server.\n")
    async with HttpClient(chat_server.http) as http:
        assert chat_id not in str(await http.chats("guest"))


@pytest.mark.parametrize(
    ("variables", "options", "said"),
    [
        ({"LC_ALL": "zh_CN.UTF-8"}, (), "错误：无法连接服务器 "),
        ({"VOICECHAT_TUI_LANGUAGE": "zh"}, (), "错误：无法连接服务器 "),
        ({"LC_ALL": "zh_CN.UTF-8"}, ("--json",), "error: The server at "),
        ({"LC_ALL": "zh_CN.UTF-8", "VOICECHAT_TUI_LANGUAGE": "en"}, (), "error: The server at "),
        ({"LC_ALL": "zh_CN.UTF-8", "VOICECHAT_TUI_THEME": "none"}, (), "错误：无法连接服务器 "),
    ],
)
@pytest.mark.parametrize("command", [("say", "--chat", "c", "--user", "a", "hello"), ("tail", "--chat", "c")])
async def test_people_are_told_in_their_language_and_programs_in_english(
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    variables: dict[str, str],
    options: tuple[str, ...],
    said: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    left = await tui(*command, *options, "--url", f"127.0.0.1:{free_port()}")
    assert left.err.startswith(said)


@pytest.mark.parametrize("command", [("say", "hello"), ("tail",)])
async def test_a_server_that_is_not_there(command: tuple[str, ...]) -> None:
    left = await tui(*command, "--chat", "c", "--url", f"127.0.0.1:{free_port()}")
    assert (left.code, left.out) == (4, "")
    assert "can't be reached" in left.err


@asynccontextmanager
async def away_at_first(server: LiveServer) -> AsyncIterator[str]:
    """A gateway that answers 502 once and leads to the server from then on; yields its address."""
    asked = 0
    pumps: list[asyncio.Task[None]] = []

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        there, back = await asyncio.open_connection(*server.address.split(":"))
        pumps.extend([asyncio.create_task(pump(reader, back)), asyncio.create_task(pump(there, writer))])

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    async with await asyncio.start_server(lead, "127.0.0.1", 0) as gateway:
        yield f"127.0.0.1:{gateway.sockets[0].getsockname()[1]}"
    await asyncio.gather(*pumps)


@pytest.mark.parametrize("command", [("say", "--user", "a", "hello"), ("tail", "--no-follow")])
async def test_a_server_that_is_said_to_be_back_soon_is_waited_for(
    command: tuple[str, ...], chat_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        await alice.say("first")
    async with away_at_first(chat_server) as gateway:
        left = await tui(*command, "--chat", chat_id, "--url", gateway)
    assert left.code == 0, left.err
    assert left.err.startswith(f"The server at http://{gateway} can't be reached: the answer was HTTP 502.")
    assert "Trying again in" in left.err
    expected = [("alice", "first"), *([("a", "hello")] if command[0] == "say" else [])]
    assert await stored(chat_server.http, chat_id) == expected


async def test_ids_that_can_not_be_used_are_refused_without_a_server() -> None:
    for arguments in (("say", "--chat", "a/b", "x"), ("tail", "--chat", "c", "--user", "a\nb")):
        assert (await tui(*arguments)).code == 2


async def test_bytes_that_are_no_text_are_refused(chat_server: LiveServer, chat_id: str) -> None:
    said = await tui("say", "--chat", chat_id, "--url", chat_server.http, "-", data=b"good\n\xff\xfe\n")
    assert said.code == 2
    assert "Standard input is not text: it is not UTF-8." in said.err


async def test_ctrl_c_lets_what_was_read_be_stored(chat_server: LiveServer, chat_id: str) -> None:
    saying = await start_tui(
        "say", "--chat", chat_id, "--user", "a", "--json", "--url", chat_server.http, "-", stdin=PIPE
    )
    assert saying.stdin is not None
    saying.stdin.write(b"one\n")
    assert json.loads(await next_line(saying))["seq"] == 1
    saying.send_signal(signal.SIGINT)
    left = await ended(saying)
    assert (left.code, left.err) == (130, "")


async def test_a_server_that_is_started_again_gets_the_rest(database: Path, chat_id: str) -> None:
    port = free_port()
    with ChatProcess(database, port) as server:
        saying = await start_tui(
            "say", "--chat", chat_id, "--user", "a", "--json", "--url", server.http, "-", stdin=PIPE
        )
        assert saying.stdin is not None
        saying.stdin.write(b"one\n")
        await next_line(saying)
        server.kill()
        saying.stdin.write(b"two\nthree\n")
        with ChatProcess(database, port):
            left = await ended(saying, b"")
            assert left.code == 0
            assert left.err.startswith("The connection was lost: ")
            expected = [("a", text) for text in ("one", "two", "three")]
            assert await stored(server.http, chat_id) == expected


async def test_what_was_never_stored_is_told(database: Path, chat_id: str) -> None:
    with ChatProcess(database) as server:
        saying = await start_tui(
            "say", "--chat", chat_id, "--json", "--reconnect", "0.2", "--url", server.http, "-", stdin=PIPE
        )
        assert saying.stdin is not None
        saying.stdin.write(b"one\n")
        await next_line(saying)
        server.kill()
    left = await ended(saying, b"two\n")
    assert left.code == 4
    assert "error: " in left.err
    assert left.out == ""


async def test_a_reader_that_has_seen_enough_ends_the_command(chat_server: LiveServer, chat_id: str) -> None:
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        for number in range(3):
            await alice.say(f"{number} " + "x" * 3990)
        shell = await asyncio.create_subprocess_shell(
            f"'{sys.executable}' -c 'from voicechat_tui.cli import main; main()' tail --chat {chat_id} "
            f"--since 0 --url {chat_server.http} | head -1; exit ${{PIPESTATUS[0]}}",
            executable="/bin/bash",
            stdout=PIPE,
            stderr=PIPE,
        )
        assert shell.stdout is not None
        assert b"alice: 0 xxx" in await shell.stdout.readline()
        while shell.returncode is None:
            await alice.say("more")
            await asyncio.sleep(0)
        left = await ended(shell)
    assert (left.code, left.err) == (0, "")


@pytest.mark.parametrize(("command", "meaning"), [("say", say.EPILOG.meaning), ("tail", tail.EPILOG.meaning)])
async def test_the_help_tells_the_exit_statuses(command: str, meaning: dict[int, str]) -> None:
    shown = await tui(command, "--help")
    text = " ".join(shown.out.split())
    assert all(f"{int(code)} {words}" in text for code, words in meaning.items())
