"""docs/protocol.md names exactly what the models have."""

import re
from pathlib import Path

import pytest

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.codec import Message
from voicechat_common.protocol.http import AsrInfo, ErrorDetail, Health, Readiness, ServerInfo, Versions
from voicechat_common.protocol.identity import Redeem, Whoami
from voicechat_common.protocol.speech import (
    Ack,
    Done,
    Error,
    Final,
    Flush,
    Partial,
    Ping,
    Pong,
    Ready,
    Start,
    Stop,
)
from voicechat_server.api.chat.chat_ws import MAX_FRAME_BYTES
from voicechat_server.api.errors import CLOSE_CODES, FORGIVABLE, SERVER_FAULT
from voicechat_server.api.gate import frame_limits, unfinished, unread
from voicechat_server.api.gate.gate import BODY_S, HEAD_S
from voicechat_server.api.middleware.body_limit import MAX_BODY_BYTES
from voicechat_server.api.protocols.http_protocol import MOST_HEAD_BYTES
from voicechat_server.api.protocols.websocket_protocol import MESSAGE_S, SLOWEST_BYTES_A_SECOND
from voicechat_server.api.sockets.client_socket import MAX_TEXT_CHARACTERS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[Message]] = {
    **{
        f"`{model.model_fields['type'].default}`": model
        for model in (Start, Flush, Stop, Ping, Ready, Partial, Final, Ack, Done, Pong, Error)
    },
    "`error` of HTTP answers": ErrorDetail,
    "`GET /`": ServerInfo,
    "`GET /health`": Health,
    "`GET /ready`": Readiness,
    "`GET /asr/info`": AsrInfo,
    "`GET /auth/me`": Whoami,
    "`POST /auth/redeem`": Redeem,
}


def section(title: str) -> str:
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/protocol.md has no section {title}"
    return found[1]


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_lists_the_fields_of_its_message(title: str) -> None:
    table = section(title).split("| code |")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert listed == [name for name in SECTIONS[title].model_fields if name != "type"]


def test_there_is_no_section_of_a_message_that_does_not_exist() -> None:
    titled = set(re.findall(r"^### (`.*)$", DOCUMENT, re.MULTILINE))
    assert titled == set(SECTIONS)


def test_every_version_is_named() -> None:
    assert all(f"`{name}`" in section("`GET /health`") for name in Versions.model_fields)


def test_the_table_of_errors_is_the_one_the_server_works_by() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+|goes on) \|", section("`error`"), re.MULTILINE)
    server_faults = {ErrorCode.RECOGNITION_FAILED, ErrorCode.INTERNAL}
    expected = {code: str(close) for code, close in CLOSE_CODES.items()}
    expected |= dict.fromkeys(FORGIVABLE, "goes on") | dict.fromkeys(server_faults, str(SERVER_FAULT))
    assert dict(rows) == expected


def test_the_limits_it_names_are_those_of_the_code() -> None:
    assert f"longer than {MAX_TEXT_CHARACTERS} characters" in DOCUMENT
    table = section("Limits")
    assert f"| {kib(frame_limits.STRANGERS_FRAME_BYTES)}; `max_frame_bytes` once" in table
    assert f"on `/chatting` | {kib(MAX_FRAME_BYTES)} |" in table
    rate, burst = frame_limits.IDLE_FRAMES_A_SECOND, frame_limits.IDLE_FRAMES_AT_ONCE
    assert f"| {burst} at once, {rate} a second |" in table
    assert f"| {MESSAGE_S:.0f} s, and longer while {kib(SLOWEST_BYTES_A_SECOND)} a second come |" in table
    assert f"| {unfinished.MOST_BYTES // 2**20} MiB; " in table
    assert f"| {unread.MOST_BYTES // 2**20} MiB of all connections, the one with the most goes first" in table
    assert f"first; {unread.STALLED_S:.0f} s without reading" in table
    assert f"handshake | {kib(MOST_HEAD_BYTES)} within {HEAD_S:.0f} s |" in table
    assert f"| {kib(MAX_BODY_BYTES)} within {BODY_S:.0f} s |" in table


def kib(size: int) -> str:
    return f"{size // 1024} KiB"
