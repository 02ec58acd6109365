"""Which server an address belongs to: nobody else gets the server's token."""

import pytest

from voicechat_tui.identity.place import covers, may_follow, place_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://voice.example", "http://voice.example"),
        ("ws://voice.example:80/", "http://voice.example"),
        ("wss://Voice.Example:443/ws?format=text", "https://voice.example/ws"),
        ("https://voice.example:8443/chat/", "https://voice.example:8443/chat"),
        ("https://anna:secret@voice.example/chat", "https://voice.example/chat"),
        ("http://localhost:8000/x", "http://127.0.0.1:8000/x"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_server_is_written_in_one_way(url: str, place: str) -> None:
    assert place_of(url) == place
    assert place_of(place) == place


@pytest.mark.parametrize(
    ("server", "url", "belongs"),
    [
        ("http://voice.example", "ws://voice.example/chatting?id=a", True),
        ("https://voice.example/a", "wss://voice.example/a/ws", True),
        ("https://voice.example/a", "https://voice.example/a", True),
        ("https://voice.example/a", "https://voice.example/ab", False),
        ("https://voice.example/a", "https://voice.example/", False),
        ("https://voice.example", "http://voice.example/", False),
        ("https://voice.example", "https://voice.example:8443/", False),
        ("https://voice.example", "https://voice.example.evil.example/", False),
        ("https://voice.example", "https://voice.example@evil.example/", False),
        ("https://voice.example", "https://sub.voice.example/", False),
    ],
)
def test_an_address_belongs_to_one_server(server: str, url: str, belongs: bool) -> None:
    assert covers(server, url) is belongs


@pytest.mark.parametrize(
    ("first", "url", "may"),
    [
        ("http://voice.example/a", "http://voice.example/b", True),
        ("ws://voice.example/ws", "wss://voice.example/ws", True),
        ("http://voice.example", "https://voice.example:8443", True),
        ("https://voice.example", "http://voice.example", False),
        ("http://voice.example", "http://voice.example:8000", False),
        ("http://voice.example", "https://evil.example", False),
        ("http://voice.example", "https://voice.example@evil.example", False),
    ],
)
def test_a_token_follows_a_redirect_on_the_same_host_only(first: str, url: str, may: bool) -> None:
    assert may_follow(first, url) is may
