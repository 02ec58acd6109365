"""The calls in docs/chat.md as a person pastes them, with curl and wscat."""

import asyncio
import json
import os
import re
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from tests.support.programs import require
from tests.support.server import LiveServer

DOCUMENT = (Path(__file__).parents[2] / "docs" / "chat.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
MARK = "-- the next call --"
ENVIRONMENT = {**os.environ, "NO_PROXY": "*", "NODE_PATH": "/usr/share/nodejs"}
"""Debian's Node finds the modules of Debian's packages by itself, another one has to be told."""


async def shell(script: str) -> Process:
    return await asyncio.create_subprocess_exec(
        "bash", "-c", script, stdin=PIPE, stdout=PIPE, env=ENVIRONMENT
    )


def shape(value: object) -> object:
    """What is left of an answer when all that differs from call to call is taken away."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value]
        case str():
            return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{32}", "…", value)
        case _:
            return value


async def test_the_calls_with_curl_answer_what_the_document_shows(chat_server: LiveServer) -> None:
    require("curl", package="curl")
    calls = [(index, text) for index, (kind, text) in enumerate(BLOCKS) if kind == "sh" and "curl" in text]
    script = f"\necho; echo '{MARK}'\n".join(text for _, text in calls)
    process = await shell(script.replace("http://localhost:8000", chat_server.http))
    out, _ = await process.communicate()
    assert process.returncode == 0
    answers = dict(zip((index for index, _ in calls), out.decode().split(f"{MARK}\n"), strict=True))
    shown = {index: BLOCKS[index + 1] for index, _ in calls if BLOCKS[index + 1][0] != "sh"}
    assert len(shown) == 4
    for index, (kind, text) in shown.items():
        if kind == "json":
            assert shape(json.loads(answers[index])) == shape(json.loads(text))
        else:
            clock = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
            assert clock.sub("…", answers[index]).strip() == clock.sub("…", text).strip()


async def test_wscat_talks_to_the_chat(chat_server: LiveServer) -> None:
    require("wscat", package="node-ws")
    (command,) = (text for kind, text in BLOCKS if kind == "sh" and "wscat" in text)
    (line,) = re.findall(r"each line you type:\s`(.*)`\.", DOCUMENT)
    process = await shell("exec " + command.replace("localhost:8000", chat_server.address))
    assert process.stdin is not None
    assert process.stdout is not None

    async def message(kind: str) -> dict[str, object]:
        assert process.stdout is not None
        while True:
            text = (await process.stdout.readline()).decode()
            assert text, "wscat has ended"
            found: dict[str, object] = json.loads(text.lstrip("<> "))
            if found["type"] == kind:
                return found

    established = await message("connection_established")
    assert (established["chat_id"], established["seq"]) == ("test_chat_001", 0)
    process.stdin.write(f"{line}\n".encode())
    assert (await message("new_message"))["content"] == "hello"
    assert (await message("message_ack"))["seq"] == 1
    process.terminate()
    await process.communicate()
