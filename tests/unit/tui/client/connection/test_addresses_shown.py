"""Addresses as they are shown, logged and stored: nobody reads a password or a token in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.errors import VoicechatError
from voicechat_tui.client.connection.address import server_name, unhidden
from voicechat_tui.redaction import redacted, shown, without_login

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("voice.example:8000", "voice.example:8000"),
        ("http://127.0.0.1:8000/voice", "http://127.0.0.1:8000/voice"),
        ("ws://[::1]:80/ws?format=text", "ws://[::1]:80/ws?format=text"),
        ("ws://host/chatting?id=a&user=b@c&since=3", "ws://host/chatting?id=a&user=b@c&since=3"),
        ("http://anna:hunter2@voice.example:8000/ws", "http://***@voice.example:8000/ws"),
        ("anna:hunter2@voice.example:8000", "***@voice.example:8000"),
        ("wss://hunter2@voice.example", "wss://***@voice.example"),
        ("ws://host/ws?token=hunter2&format=text", "ws://host/ws?token=***&format=text"),
        ("ws://host/ws?hunter2", "ws://host/ws?***"),
        ("http://anna:hunter2@host:99999999", "http://***@host:99999999"),
        ("http://anna:hun/ter2@host", "http://***@host"),
        ("http://anna:12?hunter2@host", "http://***@host"),
        ("http://anna:12#hunter2@host", "http://***@host"),
        ("http://anna:hun://ter2@host", "http://***@host"),
        ("http://***@host/?token=***", "http://***@host/?token=***"),
        ("not a url !!", "not a url !!"),
        ("'http://anna:hunter2@host'", "'http://***@host'"),
        ("'http://***@host'", "'http://***@host'"),
        ("'anna:hunter2@host'", "'***@host'"),
    ],
)
def test_an_address_as_it_is_shown(address: str, expected: str) -> None:
    assert shown(address) == expected


@given(st.text(min_size=1), st.sampled_from(["", "http://", "wss://"]), st.sampled_from(["h", "[::1]:80/x"]))
def test_no_character_of_a_password_gives_it_away(noise: str, scheme: str, host: str) -> None:
    address = f"{scheme}anna:{SECRET}{noise}@{host}"
    if "id=" not in noise and "user=" not in noise:
        assert SECRET not in shown(address)
    assert shown(shown(address)) == shown(address)


@pytest.mark.parametrize(
    "line",
    [
        'HTTP Request: GET http://anna:hunter2@host:8000/health "HTTP/1.1 200 OK"',
        "Task exception: <Task name='connection to ws://anna:hunter2@host/ws' coro=...>",
        "'anna:hunter2@host:8000' is wrong",
        "> Authorization: Basic hunter2",
        "headers={'Proxy-Authorization': 'Bearer hunter2'}",
        "proxy http://anna:hunter2@proxy.example:3128.",
        "ws://host/ws?token=hunter2",
    ],
)
def test_a_line_of_a_log_has_no_secret(line: str) -> None:
    assert SECRET not in redacted(line)
    assert "***" in redacted(line)


@pytest.mark.parametrize(
    "line", ["at 10:20:30 a@b.example wrote", "http://host:8000/docs, then http://host", "keys: f2@talk"]
)
def test_a_line_without_a_secret_stays(line: str) -> None:
    assert redacted(line) == line


def test_a_server_has_one_name_whatever_the_login() -> None:
    names = {server_name(f"{login}voice.example:8000/x") for login in ("", "anna:a@", "http://b:c@", "ws://")}
    assert names == {"http://voice.example:8000/x"}
    assert without_login("http://a:b@host/x@y") == "http://host/x@y"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://***@voice.example", "http://anna:hunter2@voice.example"),
        ("http://***@voice.example/x", "http://anna:hunter2@voice.example/x"),
        ("http://bob:b@voice.example", "http://bob:b@voice.example"),
        ("other.example", "other.example"),
    ],
)
def test_an_address_that_is_corrected_keeps_its_hidden_login(written: str, expected: str) -> None:
    assert unhidden(written, "http://anna:hunter2@voice.example") == expected


@pytest.mark.parametrize(
    "written", ["http://***@other.example", "https://***@voice.example", "http://a/?b=***"]
)
def test_a_hidden_login_goes_to_no_other_server(written: str) -> None:
    with pytest.raises(VoicechatError, match=r"stands for what only the server before may know"):
        unhidden(written, "http://anna:hunter2@voice.example")


@pytest.mark.parametrize("part", ["x", "a:", "/a", "a.b+c-", "http://u:p@h ", "authorization "])
def test_a_long_line_of_a_log_is_looked_through_once(part: str) -> None:
    """A line of half a million letters took minutes: from each of them on, all of the rest was read."""
    long = redacted(part * (500_000 // len(part)))
    assert "p@" not in long
