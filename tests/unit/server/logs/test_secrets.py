"""No line of the log has a token in it, whoever writes the line and wherever the token was."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest
import structlog

from voicechat_server.identity.keys import new_keys
from voicechat_server.identity.model import PARTICIPANT, Identity
from voicechat_server.identity.tokens import token_text
from voicechat_server.logs.secrets import without_secrets
from voicechat_server.logs.setup import configure_logging

HEAD = "eyJ0eXAiOiJ2b2ljZWNoYXQtdG9rZW4iLCJhbGciOiJFZDI1NTE5In0"
TOKEN = f"{HEAD}.eyJqdGkiOiJ0In0.s1gnature-_AAAA"


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        TOKEN[:-5],
        HEAD,
        f"GET /ws?format=text&token={TOKEN}&x=1 HTTP/1.1",
        f"/auth/me?token={TOKEN[3:]}",
        f"Authorization: Bearer {TOKEN}",
        "authorization: bearer s1gnature",
        f"Sec-WebSocket-Protocol: voicechat, bearer.{TOKEN}",
        f"https://chat.example.com/#invitation={TOKEN}",
        f"{{'token': '{TOKEN}'}}",
    ],
)
def test_it_is_left_out_of_a_text(text: str) -> None:
    hidden = without_secrets(text)
    assert "***" in hidden
    assert "s1gnature" not in hidden
    assert "eyJ" not in hidden


@pytest.mark.parametrize(
    "text", ["forbearer of", "?token=", "/chat/list?id=anna", "eyJ", "the key eye", "no token came", "bearer"]
)
def test_anything_else_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_neither_our_lines_nor_those_of_libraries_nor_crashes_tell_it() -> None:
    stream = io.StringIO()
    configure_logging("debug", stream)
    log = structlog.stdlib.get_logger("voicechat_server.test")
    try:
        log.info("a request", path=f"/ws?token={TOKEN}", token=TOKEN)
        logging.getLogger("uvicorn.error").info('"WebSocket %s" [accepted]', f"/ws?token={TOKEN}")
        try:
            int(f"bad header: Bearer {TOKEN}")
        except ValueError:
            log.exception("it failed")
    finally:
        configure_logging("warning", io.StringIO())
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 3
    assert "s1gnature" not in stream.getvalue()
    assert "eyJ" not in stream.getvalue()


def test_what_is_signed_here_is_known_by_how_it_begins() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    anna = Identity("s", "anna", PARTICIPANT, None, "t", now)
    assert without_secrets(f"x {token_text(new_keys(), anna, now)} y") == "x *** y"
