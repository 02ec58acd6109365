"""docs/protocol.md names exactly what the models have."""

import re
from pathlib import Path

import pytest

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.codec import Message
from voicechat_common.protocol.http import AsrInfo, ErrorDetail, Health, Readiness, ServerInfo, Versions
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
from voicechat_server.api.errors import CLOSE_CODES, FORGIVABLE, SERVER_FAULT
from voicechat_server.api.intake import MAX_TEXT_CHARACTERS
from voicechat_server.api.server import FRAME_HEADROOM

DOCUMENT = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
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
    assert FRAME_HEADROOM == 4
    assert "more than four\ntimes `max_frame_bytes`" in DOCUMENT
