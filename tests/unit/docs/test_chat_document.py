"""docs/chat.md names exactly what the code has."""

import re
from pathlib import Path

import pytest
import typer.main

from voicechat_common import names
from voicechat_common.protocol.chat import (
    ChatEnded,
    ChatError,
    ChatQuery,
    ConnectionEstablished,
    EndChat,
    MessageAck,
    MessageHistory,
    NewMessage,
    Presence,
    SendMessage,
    Typing,
    TypingNotice,
)
from voicechat_common.protocol.chat_http import DEFAULT_LIMIT, MAX_LIMIT
from voicechat_common.protocol.codec import Message
from voicechat_common.protocol.speech import Ping, Pong
from voicechat_server.chat.live.member import MAX_IN_FLIGHT
from voicechat_server.chat.live.typists import TYPING_S
from voicechat_server.settings.model import Settings
from voicechat_tui.cli import app
from voicechat_tui.commands import say, tail
from voicechat_tui.console.exit_codes import ExitCode

DOCUMENT = (Path(__file__).parents[3] / "docs" / "chat.md").read_text(encoding="utf-8")
MESSAGES = (
    SendMessage, Typing, Ping, EndChat,
    ConnectionEstablished, MessageHistory, NewMessage, Presence, MessageAck, ChatEnded, Pong, ChatError,
)  # fmt: skip
SECTIONS: dict[str, type[Message]] = {
    "The address": ChatQuery,
    **{f"`{model.model_fields['type'].default}`": model for model in MESSAGES},
    "`typing` of others": TypingNotice,
}


def section(title: str) -> str:
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/chat.md has no section {title}"
    return found[1]


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_lists_the_fields_of_its_message(title: str) -> None:
    listed = re.findall(r"^\| `(\w+)` \|", section(title), re.MULTILINE)
    assert listed == [name for name in SECTIONS[title].model_fields if name != "type"]


def test_there_is_no_section_of_a_message_that_does_not_exist() -> None:
    assert set(re.findall(r"^### (.*)$", DOCUMENT, re.MULTILINE)) == set(SECTIONS)


def test_the_limits_it_names_are_those_of_the_code() -> None:
    text = " ".join(DOCUMENT.split())
    assert f"1 to {names.CHAT_ID_MAX_LENGTH} ASCII letters, digits, `_`, `-` and `.`, not" in text
    assert f"1 to {names.USER_MAX_LENGTH} characters of any script" in text
    assert f"The same, up to {names.TITLE_MAX_LENGTH}." in text
    assert f"1 to {names.CONTENT_MAX_LENGTH} characters, not blank" in text
    assert f"1 to {names.CLIENT_MESSAGE_ID_MAX_LENGTH} ASCII letters, digits, `_`, `-`, `.` and `:`." in text
    assert f"({DEFAULT_LIMIT} unless given, {MAX_LIMIT} at most)" in text
    assert f"Up to {MAX_IN_FLIGHT} of one connection may wait" in text
    assert f"It holds for {TYPING_S:g} seconds" in text
    default = Settings.model_fields["max_waiting_messages"].default
    assert f"`max_waiting_messages` ({default} unless set)" in text


def test_the_exit_statuses_are_those_of_the_commands() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert {ExitCode(int(code)): said for code, said, _ in rows} == say.EPILOG.meaning
    assert {ExitCode(int(code)): shown for code, _, shown in rows} == tail.EPILOG.meaning


@pytest.mark.parametrize("command", ["say", "tail"])
def test_every_option_of_the_commands_is_documented(command: str) -> None:
    parameters = typer.main.get_group(app).commands[command].params
    options = {name for parameter in parameters for name in parameter.opts + parameter.secondary_opts}
    named = {name for name in options - {"--help"} if name.startswith("--")}
    assert len(named) > 4
    assert [name for name in named if f"`{name}" not in DOCUMENT] == []
