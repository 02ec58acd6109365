"""Where a redirect may lead, and with what."""

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.connection.route import redirected


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("http://voice.example/health", "https://voice.example/health", "https://voice.example/health"),
        ("ws://voice.example/ws", "https://voice.example/ws", "wss://voice.example/ws"),
        ("ws://voice.example/ws", "wss://voice.example/ws", "wss://voice.example/ws"),
        ("http://voice.example/health", "wss://voice.example/health", "https://voice.example/health"),
        ("ws://voice.example/ws?a=1", "/voice/ws?a=1", "ws://voice.example/voice/ws?a=1"),
        ("https://voice.example/a/b", "../c", "https://voice.example/c"),
        ("https://voice.example/a", "//other.example/a#top", "https://other.example/a"),
        # A login goes on to the same host, and into TLS.
        ("http://a:b@v.example/x", "https://v.example/x", "https://a:b@v.example/x"),
        ("ws://a:b@v.example:8000/x", "https://v.example:8443/x", "wss://a:b@v.example:8443/x"),
        ("http://a:b@v.example/x", "/y", "http://a:b@v.example/y"),
        ("http://a:b@v.example/x", "http://v.example:80/y", "http://a:b@v.example:80/y"),
        # And to nobody else.
        ("http://a:b@v.example/x", "http://v.example:9000/x", "http://v.example:9000/x"),
        ("https://a:b@v.example/x", "https://w.example/x", "https://w.example/x"),
        ("wss://a:b@v.example/x", "https://sub.v.example/x", "wss://sub.v.example/x"),
    ],
)
def test_a_redirect_keeps_the_kind_of_request(url: str, location: str, target: str) -> None:
    assert redirected(url, location) == target


@pytest.mark.parametrize("url", ["http://v.example/x", "ws://v.example/x"])
@pytest.mark.parametrize(
    "location",
    ["ftp://v.example", "mailto:anna@v.example", "http://[::1", "http://v.example:99999"],
)
def test_what_is_no_address_is_not_followed(url: str, location: str) -> None:
    with pytest.raises(VoicechatError, match=r"it redirects to .*; this is not an? .* address") as caught:
        redirected(url, location)
    assert caught.value.code is ErrorCode.PROTOCOL_MISMATCH


def test_a_login_from_a_redirect_is_not_taken() -> None:
    with pytest.raises(VoicechatError) as caught:
        redirected("http://v.example/x", "http://eve:secret@v.example/x")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("url", ["https://v.example/x", "wss://v.example/x"])
def test_nothing_leads_out_of_tls(url: str) -> None:
    with pytest.raises(VoicechatError, match="this has no TLS"):
        redirected(url, "http://v.example/x")
