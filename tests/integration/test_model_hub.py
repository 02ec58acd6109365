"""Downloads from a hub of our own on loopback that speaks like ModelScope and Hugging Face."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.hub import COMMIT, FakeHub, closed_port, running_hub
from tests.support.models import forbid_network
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models.catalog import PARAFORMER
from voicechat_server.asr.models.directory.files import DOWNLOADED, WEIGHTS
from voicechat_server.asr.models.directory.manifest import MANIFEST
from voicechat_server.asr.models.hub import connection, transfer
from voicechat_server.asr.models.resolving import download, resolve

HUB_VARIABLES = {"ms": "MODELSCOPE_ENDPOINT", "hf": "HF_ENDPOINT"}
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub in the place of both, and no pauses between attempts."""
    monkeypatch.setattr(transfer, "RETRY_DELAYS_S", (0.0, 0.0))
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with running_hub() as hub:
        for variable in HUB_VARIABLES.values():
            monkeypatch.setenv(variable, hub.url)
        yield hub


def config(cache: Path, hub: str = "ms", revision: str = PARAFORMER.default_revision) -> ModelConfig:
    return ModelConfig(PARAFORMER.name, hub, revision, cache)


def cached_path(cache: Path, hub: str = "ms") -> Path:
    return cache / hub / PARAFORMER.name / PARAFORMER.default_revision


def refusal(wanted: ModelConfig) -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        resolve(wanted)
    return caught.value


@pytest.mark.parametrize("name", ["ms", "hf"])
def test_a_model_arrives_whole_with_nothing_that_is_not_needed(
    hub: FakeHub, tmp_path: Path, name: str
) -> None:
    files = resolve(config(tmp_path, name))
    assert files.path == cached_path(tmp_path, name)
    assert (files.name, files.revision) == (PARAFORMER.name, "v2.0.4")
    assert {path.name for path in files.path.iterdir()} == {*DOWNLOADED, MANIFEST}
    for wanted in DOWNLOADED:
        assert (files.path / wanted).read_bytes() == hub.files[wanted]


@pytest.mark.parametrize("name", ["ms", "hf"])
def test_a_model_in_the_cache_needs_no_network(
    hub: FakeHub, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = resolve(config(tmp_path, name))
    asked = list(hub.requests)
    forbid_network(monkeypatch)
    assert resolve(config(tmp_path, name)) == first
    assert hub.requests == asked


def test_the_default_revision_is_a_commit_at_hugging_face(hub: FakeHub, tmp_path: Path) -> None:
    files = resolve(config(tmp_path, "hf"))
    assert hub.requests[0] == f"listing of {COMMIT}"
    record = json.loads((files.path / MANIFEST).read_text(encoding="utf-8"))
    assert (record["hub"], record["revision"], record["commit"]) == ("hf", "v2.0.4", COMMIT)


def test_progress_rises_to_the_total(hub: FakeHub, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    resolve(config(tmp_path), lambda done, total: heard.append((done, total)))
    total = sum(len(hub.files[name]) for name in DOWNLOADED)
    assert {step[1] for step in heard} == {total}
    done = [step[0] for step in heard]
    assert done == sorted(done)
    assert done[-1] == total
    assert len(set(done)) > 10


@pytest.mark.parametrize("ranges", ["partial", "quiet"])
def test_a_cut_connection_goes_on_where_it_stopped(hub: FakeHub, tmp_path: Path, ranges: str) -> None:
    hub.ranges = "partial" if ranges == "partial" else "quiet"
    hub.cut_at[WEIGHTS] = [1_000_000, 3_000_000]
    files = resolve(config(tmp_path))
    offsets = hub.fetched(WEIGHTS)
    assert len(offsets) == 3
    assert 0 < offsets[1] <= 1_000_000 < offsets[2] <= 3_000_000
    assert (files.path / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_hub_that_knows_no_ranges_sends_the_whole_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.ranges = "ignored"
    hub.cut_at[WEIGHTS] = [1_000_000]
    files = resolve(config(tmp_path))
    assert (files.path / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_hub_that_does_not_say_what_it_sends_is_given_up(hub: FakeHub, tmp_path: Path) -> None:
    hub.ranges = "silent"
    hub.cut_at[WEIGHTS] = [1_000_000]
    assert refusal(config(tmp_path)).code in {ErrorCode.HUB_UNREACHABLE, ErrorCode.MODEL_CORRUPT}
    assert not cached_path(tmp_path).exists()


def test_a_connection_that_keeps_breaking_is_given_up_and_taken_up_later(
    hub: FakeHub, tmp_path: Path
) -> None:
    hub.cut_at[WEIGHTS] = [2_000_000, *[0] * 3]
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.HUB_UNREACHABLE
    assert not cached_path(tmp_path).exists()
    hub.requests.clear()
    resolve(config(tmp_path))
    assert hub.fetched(WEIGHTS)[0] > 1_000_000


def test_what_the_listener_raises_stops_the_download_for_later(hub: FakeHub, tmp_path: Path) -> None:
    class ServerEndsError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise ServerEndsError

    with pytest.raises(ServerEndsError):
        resolve(config(tmp_path), stop)
    assert not cached_path(tmp_path).exists()
    hub.requests.clear()
    heard: list[int] = []
    resolve(config(tmp_path), lambda done, _: heard.append(done))
    assert hub.fetched(WEIGHTS)[0] > 0
    assert heard[0] >= hub.fetched(WEIGHTS)[0]


def test_an_overloaded_hub_is_asked_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.refused[WEIGHTS] = [503, 429]
    resolve(config(tmp_path))
    assert hub.fetched(WEIGHTS) == [0, 0, 0]


@pytest.mark.parametrize("name", ["ms", "hf"])
@pytest.mark.parametrize("file", [WEIGHTS, "tokens.json"])
def test_wrong_bytes_are_never_taken_for_a_model(hub: FakeHub, tmp_path: Path, name: str, file: str) -> None:
    hub.sent[file] = bytes(byte ^ 1 for byte in hub.files[file])
    error = refusal(config(tmp_path, name))
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert file in error.message
    assert not cached_path(tmp_path, name).exists()
    hub.sent.clear()
    resolve(config(tmp_path, name))


def test_a_file_that_is_longer_than_listed_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.sent[WEIGHTS] = hub.files[WEIGHTS] + b"too much"
    assert refusal(config(tmp_path)).code is ErrorCode.MODEL_CORRUPT
    assert not cached_path(tmp_path).exists()


@pytest.mark.parametrize("ranges", ["partial", "ignored"])
def test_a_file_that_is_shorter_than_listed_is_refused(hub: FakeHub, tmp_path: Path, ranges: str) -> None:
    hub.ranges = "partial" if ranges == "partial" else "ignored"
    hub.sent[WEIGHTS] = hub.files[WEIGHTS][:1_000_000]
    error = refusal(config(tmp_path))
    assert error.code in {ErrorCode.MODEL_CORRUPT, ErrorCode.HUB_UNREACHABLE}
    assert WEIGHTS in error.message
    assert not cached_path(tmp_path).exists()


def test_a_part_of_another_state_is_thrown_away(hub: FakeHub, tmp_path: Path) -> None:
    hub.cut_at[WEIGHTS] = [2_000_000, *[0] * 3]
    refusal(config(tmp_path))
    partial = cached_path(tmp_path).with_name(".v2.0.4.partial") / WEIGHTS
    partial.write_bytes(bytes(partial.stat().st_size))
    files = resolve(config(tmp_path))
    assert (files.path / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


@pytest.mark.parametrize("name", ["ms", "hf"])
def test_an_unknown_revision_is_named(hub: FakeHub, tmp_path: Path, name: str) -> None:
    error = refusal(config(tmp_path, name, "v9.9.9"))
    assert error.code is ErrorCode.MODEL_NOT_FOUND
    assert "v9.9.9" in error.message
    assert "v2.0.4" in error.advice
    assert hub.requests == ["listing of v9.9.9"]


def test_a_repository_without_a_needed_file_is_incomplete(hub: FakeHub, tmp_path: Path) -> None:
    del hub.files["am.mvn"]
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.MODEL_INCOMPLETE
    assert "am.mvn" in error.message
    assert hub.fetched(WEIGHTS) == []


@pytest.mark.parametrize(("name", "other"), [("ms", "--hub hf"), ("hf", "--hub ms")])
def test_a_refused_connection_names_every_next_step(
    hub: FakeHub, tmp_path: Path, name: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv(HUB_VARIABLES[name], address)
    error = refusal(config(tmp_path, name))
    assert error.code is ErrorCode.HUB_UNREACHABLE
    assert address in error.message
    for step in (other, "HTTPS_PROXY", "--model PATH", "--model demo"):
        assert step in error.advice
    assert hub.requests == []


@pytest.mark.parametrize("status", [500, 502])
def test_a_hub_out_of_order_is_unreachable(hub: FakeHub, tmp_path: Path, status: int) -> None:
    hub.listing_status = status
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.HUB_UNREACHABLE
    assert str(status) in error.message


def test_a_page_in_the_place_of_a_listing_is_no_hub(hub: FakeHub, tmp_path: Path) -> None:
    hub.listing_body = b"<html>Please sign in to this network</html>"
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.HUB_UNREACHABLE
    assert "proxy" in error.message


def test_a_hub_that_falls_silent_is_given_up(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", httpx.Timeout(0.2))
    hub.gate.clear()
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.HUB_UNREACHABLE
    assert "timed out" in error.message


def test_a_slow_hub_is_waited_for(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", httpx.Timeout(0.5))
    hub.pause_s = 0.01
    resolve(config(tmp_path))
    assert hub.fetched(WEIGHTS) == [0]


def test_a_proxy_from_the_environment_is_used(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://modelscope.invalid")
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    resolve(config(tmp_path))
    assert hub.fetched(WEIGHTS) == [0]


def test_a_proxy_that_cannot_be_one_is_named(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://proxy")
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.BAD_SETTING
    assert "ALL_PROXY" in error.advice
    assert hub.requests == []


def test_a_full_disk_is_noticed_before_the_download(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.DISK
    assert "6 MB" in error.message
    assert "--cache-dir" in error.advice
    assert hub.fetched(WEIGHTS) == []


def test_a_cache_that_cannot_be_written_is_named(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    error = refusal(config(tmp_path / "file" / "cache"))
    assert error.code is ErrorCode.DISK
    assert str(tmp_path / "file") in error.message
    assert hub.requests == []


def test_a_sound_copy_is_not_downloaded_again(hub: FakeHub, tmp_path: Path) -> None:
    resolve(config(tmp_path))
    hub.requests.clear()
    download(config(tmp_path))
    assert hub.requests == []


def test_damage_in_the_cache_is_an_error_until_the_model_is_downloaded_again(
    hub: FakeHub, tmp_path: Path
) -> None:
    weights = resolve(config(tmp_path)).path / WEIGHTS
    content = bytearray(weights.read_bytes())
    content[3_000_000] ^= 1
    weights.write_bytes(content)
    hub.requests.clear()
    error = refusal(config(tmp_path))
    assert error.code is ErrorCode.MODEL_CORRUPT
    assert "models download" in error.advice
    assert hub.requests == []
    download(config(tmp_path))
    assert weights.read_bytes() == hub.files[WEIGHTS]
