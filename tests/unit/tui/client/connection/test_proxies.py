"""Which proxy leads to a server, as the environment says it."""

import os

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.connection.proxies import proxy_for


@pytest.fixture(autouse=True)
def _no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "http://voice.example", None),
        ({"HTTP_PROXY": "http://p:3128"}, "http://voice.example", "http://p:3128"),
        ({"http_proxy": "http://p:3128"}, "ws://voice.example/ws", "http://p:3128"),
        ({"HTTP_PROXY": "http://p:3128"}, "wss://voice.example/ws", None),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://voice.example", "http://p:3128"),
        ({"https_proxy": "http://p:3128"}, "wss://voice.example/ws", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128"}, "ws://voice.example/ws", None),
        ({"ALL_PROXY": "http://p:3128"}, "ws://voice.example/ws", "http://p:3128"),
        ({"all_proxy": "http://p:3128"}, "https://voice.example", "http://p:3128"),
        ({"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://p:2"}, "wss://voice.example", "http://p:2"),
        ({"HTTP_PROXY": "p"}, "http://voice.example", "http://p:80"),
        ({"HTTP_PROXY": "p:3128/"}, "http://voice.example", "http://p:3128"),
        ({"HTTP_PROXY": "https://p"}, "http://voice.example", "https://p:443"),
        ({"HTTP_PROXY": "http://anna@p:1"}, "http://voice.example", "http://anna:@p:1"),
        ({"HTTP_PROXY": "http://anna:a%40b c@p:1"}, "http://voice.example", "http://anna:a%40b%20c@p:1"),
        ({"HTTP_PROXY": "http://[fd00::1]:3128"}, "http://voice.example", "http://[fd00::1]:3128"),
        ({"ALL_PROXY": "socks5://p"}, "wss://voice.example", "socks5://p:1080"),
        ({"ALL_PROXY": "socks://p:9050"}, "http://voice.example", "socks5h://p:9050"),
        ({"SOCKS_PROXY": "p:9050"}, "http://voice.example", "socks5h://p:9050"),
        ({"ALL_PROXY": "http://p:1"}, "http://localhost:8000", None),
        ({"ALL_PROXY": "http://p:1"}, "ws://127.0.0.3:8000/ws", None),
        ({"ALL_PROXY": "http://p:1"}, "ws://[::1]:8000/ws", None),
        ({"ALL_PROXY": "http://p:1"}, "ws://voice.localhost/ws", None),
    ],
)
def test_the_environment_names_a_proxy(
    variables: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(
    ("listed", "url", "is_direct"),
    [
        ("*", "http://voice.example", True),
        ("other.example, *", "http://voice.example", True),
        ("voice.example", "ws://voice.example:8000/ws", True),
        ("VOICE.example", "http://voice.EXAMPLE", True),
        ("other.example,voice.example", "wss://voice.example/ws", True),
        ("other.example voice.example", "wss://voice.example/ws", True),
        ("example", "http://voice.example", True),
        (".example", "http://voice.example", True),
        ("*.example", "http://voice.example", True),
        ("voice.example", "http://myvoice.example", False),
        ("voice.example:8000", "ws://voice.example:8000/ws", True),
        ("voice.example:8000", "ws://voice.example:9000/ws", False),
        ("voice.example:443", "wss://voice.example/ws", True),
        ("10.0.0.0/8", "ws://10.1.2.3:8000/ws", True),
        ("10.0.0.0/8", "ws://11.1.2.3:8000/ws", False),
        ("10.1.2.3", "http://10.1.2.3", True),
        ("fd00::/8", "ws://[fd00::1]:8000/ws", True),
        ("[fd00::1]", "http://[fd00::1]", True),
        ("10.0.0.0/8", "http://voice.example", False),
        ("", "http://voice.example", False),
    ],
)
def test_the_environment_lists_hosts_without_a_proxy(
    variable: str, listed: str, url: str, is_direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://p:3128")
    monkeypatch.setenv(variable, listed)
    assert (proxy_for(url) is None) is is_direct


@pytest.mark.parametrize(
    "named", ["gopher://p", "socks4://p:1080", "http://", "http://p:99999", "http://[::1"]
)
def test_what_can_be_no_proxy_is_told(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", named)
    with pytest.raises(VoicechatError, match="can't be used as one") as caught:
        proxy_for("http://voice.example")
    assert caught.value.code is ErrorCode.BAD_SETTING


def test_a_password_of_a_proxy_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://anna:secret@p:1080")
    with pytest.raises(VoicechatError) as caught:
        proxy_for("http://voice.example")
    assert "secret" not in str(caught.value)
