"""Each way to a server, by each command and by what the app calls: all take it, or all say the same."""

import asyncio
import gc
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from tests.support.forward_proxy import LOGIN, forwarding, forwarding_socks
from tests.support.front import PREFIX, Front, MakeFiles, caddy_files, front_of, nginx_files
from tests.support.samples import DIRECTORY, transcripts
from tests.support.server import LiveServer, demo_settings, free_port, serving
from tests.support.tls import Authority, make_authority
from tests.support.waiting import WITHIN_S
from voicechat_common.errors import VoicechatError
from voicechat_tui.cli import app as commands
from voicechat_tui.client.chat.events import Connected, Failed
from voicechat_tui.client.connection import link
from voicechat_tui.client.connection.connect import open_socket
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.http import HttpClient
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.doctor import server as doctor_server
from voicechat_tui.ui.backend.server import ServerBackend

SAMPLE = "network"
LOBBY = f"lobby-{uuid4().hex}"


@dataclass(frozen=True)
class Outcome:
    """How it ended: whether the server was used, and what was said."""

    works: bool
    said: str


def invoked(*arguments: str) -> tuple[int, str]:
    """Run a command in this process; return its exit status and all it said."""
    result = CliRunner().invoke(commands, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def say(address: str) -> Outcome:
    code, said = invoked(
        "say", "--chat", uuid4().hex, "--user", "anna", "--reconnect", "0", "--url", address, "hello"
    )
    assert code in (ExitCode.OK, ExitCode.UNREACHABLE), said
    return Outcome(code == ExitCode.OK, said)


def tail(address: str) -> Outcome:
    code, said = invoked("tail", "--chat", LOBBY, "--no-follow", "--reconnect", "0", "--url", address)
    assert code in (ExitCode.OK, ExitCode.UNREACHABLE), said
    assert code != ExitCode.OK or "anna: welcome" in said
    return Outcome(code == ExitCode.OK, said)


def replay(address: str) -> Outcome:
    file = str(DIRECTORY / f"{SAMPLE}.wav")
    code, said = invoked("replay", "--speed", "max", "--wait-ready", "0", "--url", address, file)
    assert code in (ExitCode.OK, ExitCode.UNREACHABLE), said
    assert code != ExitCode.OK or transcripts()[SAMPLE] in said
    return Outcome(code == ExitCode.OK, said)


def doctor(address: str) -> Outcome:
    code, said = invoked("doctor", "--json", "--no-microphone", "--url", address)
    (server,) = (item for item in json.loads(said)["findings"] if item["check"] == "server")
    assert (server["verdict"] == "ok") or code == ExitCode.FAILED
    return Outcome(server["verdict"] == "ok", f"{server['message']} {server['next_step']}")


def app(address: str) -> Outcome:
    """Do what the app does: list the chats, and enter one."""
    return asyncio.run(_app(address))


async def _app(address: str) -> Outcome:
    backend = ServerBackend(address)
    await backend.prepare()
    said = []
    try:
        await backend.chats("anna")
    except VoicechatError as error:
        said.append(str(error))
    finally:
        await backend.aclose()
    async with backend.join(LOBBY, "anna", 0) as place:
        async for event in place.events():
            if isinstance(event, Connected):
                break
            if isinstance(event, Retrying | Failed):
                said.append(event.reason if isinstance(event, Retrying) else str(event.error()))
                break
    return Outcome(not said, " ".join(said))


EVERYONE = (say, tail, replay, doctor, app)
Someone = Callable[[str], Outcome]


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    for name in [
        name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("SSL_CERT")
    ]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _everybody_has_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer to answer than a person waits; here each way answers or refuses."""
    monkeypatch.setattr(link, "open_socket", lambda url, _: open_socket(url, WITHIN_S))
    monkeypatch.setattr(HttpClient.__init__, "__defaults__", (WITHIN_S, None))
    monkeypatch.setattr(doctor_server, "ANSWERS_WITHIN_S", WITHIN_S)


@pytest.fixture(scope="module")
def live_server() -> Iterator[LiveServer]:
    """A server that also is voice.example, as proxies on the way call it."""
    with serving(demo_settings(public_url="https://voice.example")) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def _lobby(live_server: LiveServer) -> None:
    """A chat with something in it."""
    assert invoked("say", "--chat", LOBBY, "--user", "anna", "--url", live_server.address, "welcome")[0] == 0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module", params=[nginx_files, caddy_files], ids=["nginx", "caddy"])
def front(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    live_server: LiveServer,
    authority: Authority,
) -> Iterator[Front]:
    files: MakeFiles = request.param
    directory = tmp_path_factory.mktemp("front")
    with front_of(files, directory, live_server.address, authority.issued) as proxy:
        yield proxy


def works(address: str, *people: Someone) -> None:
    for someone in people or EVERYONE:
        outcome = someone(address)
        assert outcome.works, (someone.__name__, outcome.said)


def fails(address: str, pattern: str, *people: Someone) -> None:
    """See that nobody can use a server, that all say why in the same words, and no secret."""
    for someone in people or EVERYONE:
        outcome = someone(address)
        assert not outcome.works, someone.__name__
        assert re.search(pattern, outcome.said), (someone.__name__, outcome.said)
        assert "secret" not in outcome.said, someone.__name__


def test_directly(live_server: LiveServer) -> None:
    works(live_server.address)


def test_an_authority_in_a_file(front: Front, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    works(f"https://localhost:{front.tls}")


def test_an_authority_in_a_directory(
    front: Front, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(authority.folder))
    works(f"wss://localhost:{front.tls}/ws")


def test_an_authority_that_is_not_trusted(front: Front) -> None:
    fails(
        f"https://localhost:{front.tls}",
        r"can't be reached: its certificate is not trusted \(.+SSL_CERT_FILE",
    )


def test_a_certificate_for_another_name(
    front: Front, authority: Authority, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with forwarding({"other.example:443": f"localhost:{front.tls}"}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        # Caddy has nothing to show for a name it does not know, nginx shows what it has.
        fails("https://other.example", r"its certificate is not trusted \(Hostname mismatch|TLS failed \(")


def test_a_file_without_an_authority(front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    for command in (
        ("say", "--chat", "c", "x"),
        ("tail", "--chat", "c"),
        ("replay", str(DIRECTORY / "network.wav")),
    ):
        code, said = invoked(*command, "--url", f"https://localhost:{front.tls}")
        assert (code, "SSL_CERT_FILE names" in said) == (ExitCode.USAGE, True), said


@pytest.mark.parametrize("path", ["", "/", "/ws", "/chatting"])
def test_under_a_path(path: str, front: Front, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    works(f"https://localhost:{front.tls}{PREFIX}{path}", *((replay, say) if path else EVERYONE))


@pytest.mark.parametrize("path", ["", "/moved"])
def test_a_redirect_into_tls(
    path: str, front: Front, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    works(f"localhost:{front.plain}{path}")


def test_redirects_in_a_circle(front: Front) -> None:
    fails(f"localhost:{front.plain}/circle", "it redirects more than 10 times")


def test_plain_talk_to_a_port_of_tls(front: Front) -> None:
    fails(f"http://localhost:{front.tls}", "it speaks TLS only.* Write https://")


def test_tls_to_a_plain_port(front: Front) -> None:
    fails(f"https://localhost:{front.plain}", "it does not speak TLS.* Write http://")


def test_a_proxy_without_upgrade(front: Front) -> None:
    lost = "the Upgrade header was lost on the way"
    fails(f"localhost:{front.no_upgrade}", lost)
    outcome = doctor(f"localhost:{front.no_upgrade}")
    assert "answers HTTP calls, but its WebSockets can't be used." in outcome.said
    assert "proxy_set_header" in outcome.said


def test_a_server_that_is_away(front: Front) -> None:
    fails(f"localhost:{front.dead}", "can't be reached: the answer was HTTP 502")


def test_a_login(front: Front) -> None:
    place = f"localhost:{front.login}"
    fails(place, r"a name and a password are required \(HTTP 401\)")
    fails(f"http://anna:secret2@{place}", r"in the address are not accepted \(HTTP 401\)")
    works(f"http://anna:secret@{place}")


def test_a_proxy_that_lets_nobody_in(front: Front) -> None:
    fails(f"localhost:{front.forbidden}", r"access is refused \(HTTP 403\)")


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (403, r"access is refused \(HTTP 403\)"),
        (407, r"the proxy requires a name and a password \(HTTP 407\)"),
        (502, "the answer was HTTP 502"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_on_the_way_that_refuses(
    scheme: str, refusal: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forwarding({}, refusal) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://{proxy.address}")
        fails(f"{scheme}://voice.example", f"reached through the proxy http://{proxy.address}: {reason}")


def test_a_proxy_on_the_way_that_does_not_know_who_comes(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forwarding({"voice.example:80": live_server.address}, 407) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://anna:secret2@{proxy.address}")
        fails("voice.example", r"the proxy does not accept its name and password \(HTTP 407\)", say, replay)
        monkeypatch.setenv("HTTP_PROXY", f"http://{LOGIN}@{proxy.address}")
        works("voice.example")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_on_the_way(
    scheme: str, front: Front, live_server: LiveServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    hosts = {"voice.example:80": live_server.address, "voice.example:443": f"localhost:{front.tls}"}
    with forwarding(hosts) as proxy:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.address)
        works(f"{scheme}://voice.example")
        assert (
            f"is reached through the proxy http://{proxy.address}" in doctor(f"{scheme}://voice.example").said
        )
        assert set(proxy.asked) == ({"CONNECT", "GET"} if scheme == "http" else {"CONNECT"})


def test_a_proxy_on_the_way_that_speaks_tls(
    live_server: LiveServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forwarding({"voice.example:80": live_server.address}, certificate=authority.issued) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"https://{proxy.address.replace('127.0.0.1', 'localhost')}")
        fails(
            "voice.example",
            "through the proxy https://localhost.* its certificate is not trusted",
            say,
            replay,
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        works("voice.example", say, replay)


def test_a_proxy_on_the_way_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("ALL_PROXY", f"http://anna:secret@{address}")
    fails(
        "https://voice.example",
        rf"The proxy http://\S*{address}, which leads to .* nothing listens where the proxy should be",
    )


def test_a_host_that_needs_no_proxy(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    # An address of this machine that is none of those which never need a proxy.
    address = live_server.address.replace("127.0.0.1", "0.0.0.0")  # noqa: S104
    fails(address, "The proxy ")
    monkeypatch.setenv("NO_PROXY", "voice.example, 0.0.0.0/8")
    works(address)


def test_a_socks_proxy(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with forwarding_socks({"voice.example:80": live_server.address}) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://{proxy.address}")
        works("voice.example")


# httpcore leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_socks_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with forwarding_socks({}) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5://{proxy.address}")
        fails(
            "192.0.2.1", rf"through the proxy socks5://{proxy.address}: the proxy did not open a connection"
        )
        gc.collect()


def test_a_name_that_nobody_knows() -> None:
    fails("no-such-host.invalid", r"its name can't be resolved \(")


def test_nobody_there() -> None:
    fails(f"127.0.0.1:{free_port()}", r"can't be reached: nothing listens there \(connection refused\)")
