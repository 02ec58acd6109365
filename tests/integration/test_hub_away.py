"""A server whose hub is away when it starts: it waits, says so, and gets ready by itself."""

import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import httpx
import pytest

from tests.support.hub import FakeHub, closed_port, running_hub
from tests.support.other_server import answering
from tests.support.server import LiveServer, demo_settings, free_port, serving, wait_until_ready
from tests.support.server_process import started
from tests.support.speech_client import connected
from tests.support.tls import make_certificate
from tests.support.waiting import WITHIN_S, until
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.http import Readiness
from voicechat_common.protocol.speech import Error, Start
from voicechat_server.asr.models.catalog import PARAFORMER, Hub
from voicechat_server.asr.models.directory.files import WEIGHTS
from voicechat_server.asr.models.hub import connection, retry, transfer
from voicechat_server.asr.models.hub.retry import HubUnreachableError
from voicechat_server.asr.recognition.workers import EndedEarlyError, Workers
from voicechat_server.asr.status import EngineState


class Clock:
    """Takes the place of the pauses: each lasts until the test lets it pass."""

    def __init__(self) -> None:
        self.paused: SimpleQueue[float] = SimpleQueue()
        self._passes: SimpleQueue[None] = SimpleQueue()
        self.ended = Event()

    def pause(self, workers: Workers, seconds: float) -> None:
        if seconds:
            self.paused.put(seconds)
            self._passes.get(timeout=WITHIN_S)
        if self.ended.is_set():
            raise EndedEarlyError

    def let_pass(self) -> None:
        self._passes.put(None)

    def next_pause(self) -> float:
        return self.paused.get(timeout=WITHIN_S)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Workers, "pause", lambda workers, seconds: clock.pause(workers, seconds))
    monkeypatch.setattr(transfer, "RETRY_DELAYS_S", ())
    return clock


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where the hub will be."""
    port = free_port()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    return port


@pytest.fixture
def waiting(port: int, clock: Clock, tmp_path: Path) -> Iterator[LiveServer]:
    """A server that has no model yet."""
    settings = demo_settings(
        model=PARAFORMER.name, hub="hf", cache_dir=tmp_path / "models", database=str(tmp_path / "chats.db")
    )
    with serving(settings, wait_ready=False) as server:
        try:
            yield server
        finally:
            clock.ended.set()
            clock.let_pass()


def readiness(server: LiveServer) -> Readiness:
    answer = httpx.get(f"{server.http}/ready")
    told = Readiness.model_validate(answer.json())
    assert (answer.status_code, told.ready) in {(503, False), (200, True)}
    return told


def told_of_pause(server: LiveServer) -> Readiness:
    """What `/ready` says once it says when the next try is."""

    def told() -> Readiness | None:
        said = readiness(server)
        return said if said.next_try_in_s is not None else None

    return until(told, lambda: f"no pause is told: {readiness(server)}")


def until_there(server: LiveServer) -> None:
    """Wait until the model has arrived, and is being loaded."""
    until(lambda: readiness(server).state in ("loading", "ready"), lambda: f"{readiness(server)}")


def until_failed(server: LiveServer) -> Readiness:
    def failed() -> Readiness | None:
        said = readiness(server)
        assert said.next_try_in_s is None, said
        return said if said.state == "failed" else None

    return until(failed, lambda: f"it has not failed: {readiness(server)}")


async def test_a_hub_that_comes_later_is_found(waiting: LiveServer, port: int, clock: Clock) -> None:
    for number in range(4):
        pause_s = clock.next_pause()
        whole_s = retry.FIRST_S * 2**number
        assert whole_s / 2 <= pause_s <= whole_s
        said = told_of_pause(waiting)
        assert said.state == "downloading"
        assert f"not reachable at http://127.0.0.1:{port}" in said.detail
        assert said.next_try_in_s is not None
        assert said.next_try_in_s <= pause_s
        assert said.error is not None
        assert (said.error.code, said.error.retry_after_s) == (
            ErrorCode.NOT_READY,
            max(2.0, round(said.next_try_in_s, 1)),
        )
        assert f"the next try is in {said.next_try_in_s:.0f} s" in said.error.message
        if number < 3:
            clock.let_pass()
    async with connected(waiting.ws) as client:
        await client.send(Start())
        refused = await client.expect(Error)
    assert (refused.code, refused.fatal) == (ErrorCode.NOT_READY, True)
    assert refused.retry_after_s is not None
    assert 2 <= refused.retry_after_s <= pause_s
    async with httpx.AsyncClient(base_url=waiting.http) as http:
        assert "voicechat_model_downloads_failed_total 4.0" in (await http.get("/metrics")).text
    with running_hub(port):
        clock.let_pass()
        wait_until_ready(waiting.http)
    assert clock.paused.empty()


def test_a_download_that_gets_further_is_not_waited_for_longer(
    waiting: LiveServer, port: int, clock: Clock
) -> None:
    clock.next_pause()
    clock.let_pass()
    assert clock.next_pause() >= retry.FIRST_S
    with running_hub(port) as hub:
        hub.cut_at[WEIGHTS] = [1_000_000, 0]
        clock.let_pass()
        assert clock.next_pause() <= retry.FIRST_S
        told_of_pause(waiting)
        clock.let_pass()
        until_there(waiting)
    assert hub.fetched(WEIGHTS)[0] == 0
    assert hub.fetched(WEIGHTS)[-1] > 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_hub_that_asks_to_be_left_alone_is(
    status: int, waiting: LiveServer, port: int, clock: Clock
) -> None:
    clock.next_pause()
    with running_hub(port) as hub:
        hub.listing_status, hub.retry_after = status, "120"
        clock.let_pass()
        assert 120 < clock.next_pause() <= 120 + 2 * retry.FIRST_S
        assert f"it answered {status}" in told_of_pause(waiting).detail
        hub.listing_status = 200
        clock.let_pass()
        until_there(waiting)


def away(hub: FakeHub) -> None:
    hub.listing_body = b"<html>Please sign in to this network</html>"


def absent(hub: FakeHub) -> None:
    hub.listing_status = 404


def corrupt(hub: FakeHub) -> None:
    hub.sent[WEIGHTS] = bytes(byte ^ 1 for byte in hub.files[WEIGHTS])


def refusing(hub: FakeHub) -> None:
    hub.listing_status = 400


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (absent, ErrorCode.MODEL_NOT_FOUND),
        (corrupt, ErrorCode.MODEL_CORRUPT),
        (refusing, ErrorCode.HUB_UNREACHABLE),
    ],
)
def test_what_does_not_pass_by_itself_is_told_at_once(
    make: Callable[[FakeHub], None], code: ErrorCode, waiting: LiveServer, port: int, clock: Clock
) -> None:
    clock.next_pause()
    with running_hub(port) as hub:
        make(hub)
        clock.let_pass()
        said = until_failed(waiting)
    assert said.error is not None
    assert (said.error.code, said.error.retry_after_s) == (code, None)
    assert clock.paused.empty()


def test_a_network_that_wants_a_login_first_may_let_one_in_later(
    waiting: LiveServer, port: int, clock: Clock
) -> None:
    clock.next_pause()
    with running_hub(port) as hub:
        away(hub)
        clock.let_pass()
        clock.next_pause()
        assert "gave no list of files" in told_of_pause(waiting).detail
        hub.listing_body = None
        clock.let_pass()
        until_there(waiting)


def test_a_full_disk_is_not_waited_for(
    waiting: LiveServer, port: int, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1_000_000

    clock.next_pause()
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    with running_hub(port):
        clock.let_pass()
        said = until_failed(waiting)
    assert said.error is not None
    assert said.error.code == ErrorCode.DISK


def failure(address: str, monkeypatch: pytest.MonkeyPatch) -> VoicechatError:
    """How asking a hub at an address for its files fails."""
    monkeypatch.setenv("HF_ENDPOINT", address)
    with (
        pytest.raises(VoicechatError) as caught,
        connection.open_client() as client,
        connection.hub_errors(PARAFORMER, Hub.HF, "main"),
    ):
        client.get(f"{address}/").raise_for_status()
    assert caught.value.code == ErrorCode.HUB_UNREACHABLE
    return caught.value


def test_which_failures_of_the_network_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for address in ("http://no-such-host.invalid", f"http://127.0.0.1:{closed_port()}"):
        assert isinstance(failure(address, monkeypatch), HubUnreachableError), address
    for address in ("ftp://hub.example", "http://hub.example:port"):
        assert not isinstance(failure(address, monkeypatch), HubUnreachableError), address


@pytest.mark.parametrize(
    ("status", "passes"),
    [(code, True) for code in (408, 429, 500, 502, 503, 504)]
    + [(code, False) for code in (400, 405, 407, 410, 451, 501, 505, 511)],
)
def test_which_statuses_pass(status: int, passes: bool) -> None:
    request = httpx.Request("GET", "http://hub.example/")
    told = httpx.HTTPStatusError("", request=request, response=httpx.Response(status, request=request))
    assert connection.is_passing(told) is passes
    if status != 505:
        assert connection.is_passing(httpx.ProxyError(f"{status} said the proxy")) is passes


def test_a_certificate_that_is_not_trusted_stays_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.file, certificate.key)
    with answering(b"", tls) as address:
        assert not isinstance(failure(f"https://{address}", monkeypatch), HubUnreachableError)


def test_a_server_that_waits_for_its_hub_ends_at_once(port: int, tmp_path: Path) -> None:
    place = {"cache_dir": tmp_path / "models", "database": str(tmp_path / "chats.db")}
    with serving(demo_settings(model=PARAFORMER.name, hub="hf", **place), wait_ready=False) as server:
        told_of_pause(server)
        recognition = [thread for thread in threading.enumerate() if thread.name == "recognition-0"]
    # Other servers of this process, which last as long as it does, have such a thread too.
    ended = [thread for thread in recognition if not thread.is_alive()]
    assert len(ended) == 1
    assert server.server.services.engine.status.state is EngineState.STOPPED


def test_a_process_whose_hub_comes_later_gets_ready_by_itself(port: int, tmp_path: Path) -> None:
    variables = {
        "VOICECHAT_HUB": "hf",
        "VOICECHAT_CACHE_DIR": str(tmp_path / "models"),
        "VOICECHAT_DATABASE": str(tmp_path / "chats.db"),
        "VOICECHAT_PRECISION": "fp32",
    }
    with started(**variables) as server:
        server.first_answer()
        until(
            lambda: httpx.get(f"{server.http}/ready").json()["next_try_in_s"] is not None,
            lambda: "no pause is told",
        )
        with running_hub(port):
            server.wait_until_ready()
        lines = server.end()
    failed = [line for line in lines if line["event"] == "the model can't be downloaded now"]
    assert failed
    assert all(line["level"] == "warning" and line["next_try_in_s"] > 0 for line in failed)
