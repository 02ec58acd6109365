"""Which addresses only this machine reaches, and what the host of a public address is called."""

import pytest

from voicechat_server.addresses import public_address
from voicechat_server.addresses.hosts import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "::ffff:127.0.0.1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "fe80::1%1", "::ffff:192.0.2.1"],  # noqa: S104
)
def test_others_reach_the_rest(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("https://Chat.Example.org:443/voice", "chat.example.org", "https://chat.example.org"),
        ("http://chat.example.org.:8080", "chat.example.org", "http://chat.example.org.:8080"),
        ("https://语音.example", "xn--2e3au0v.example", "https://xn--2e3au0v.example"),
        ("http://[2001:DB8::1]:8000", "2001:db8::1", "http://[2001:db8::1]:8000"),
    ],
)
def test_a_public_address_is_known_as_browsers_write_it(url: str, host: str, origin: str) -> None:
    assert public_address.hosts(url) == (host,)
    assert public_address.origins(url) == (origin,)


def test_a_host_that_no_name_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="it is written like"):
        public_address.check("https://chat..example.org")
