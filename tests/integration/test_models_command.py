"""`voicechat-server models`: what it prints where, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.support.hub import FakeHub, closed_port, running_hub
from tests.support.models import copy_demo, forbid_network
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.catalog import PARAFORMER, demo_directory
from voicechat_server.asr.models.directory.files import WEIGHTS
from voicechat_server.cli import app, main


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as hub:
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICECHAT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments])


def listed(*arguments: str) -> list[dict[str, object]]:
    ended = run("list", "--json", *arguments)
    assert ended.exit_code == 0
    entries: list[dict[str, object]] = json.loads(ended.stdout)
    return entries


def failure(ended: Result) -> VoicechatError:
    assert ended.exit_code == 1
    assert isinstance(ended.exception, VoicechatError)
    return ended.exception


def test_a_fresh_machine_has_the_demo_model_alone(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_network(monkeypatch)
    demo, paraformer = listed()
    assert (demo["name"], demo["state"], demo["hub"]) == ("demo", "ready", None)
    assert demo["path"] == str(demo_directory())
    assert paraformer == {
        "name": PARAFORMER.name,
        "revision": "v2.0.4",
        "hub": "ms",
        "size_bytes": PARAFORMER.size_bytes,
        "path": str(cache / "ms" / PARAFORMER.name / "v2.0.4"),
        "state": "not downloaded",
    }


def test_download_prints_where_the_model_is_and_list_finds_it(hub: FakeHub, cache: Path) -> None:
    ended = run("download", "--hub", "hf")
    assert ended.exit_code == 0
    path = cache / "hf" / PARAFORMER.name / "v2.0.4"
    assert ended.stdout == f"{path}\n"
    assert "from Hugging Face" in ended.stderr
    states = {(entry["hub"], entry["state"]) for entry in listed()}
    assert states == {(None, "ready"), ("hf", "ready"), ("ms", "not downloaded")}
    table = run("list").stdout.splitlines()
    assert table[0].split() == ["MODEL", "REVISION", "HUB", "SIZE", "STATE", "WHERE"]
    assert any(line.split()[:4] == [PARAFORMER.name, "v2.0.4", "hf", "6"] for line in table)


def test_another_revision_has_its_own_place(hub: FakeHub, cache: Path) -> None:
    assert run("download", "--revision", "master").exit_code == 0
    assert hub.requests[0] == "listing of master"
    assert {entry["revision"] for entry in listed() if entry["hub"] == "ms"} == {"master", "v2.0.4"}


def test_a_broken_model_is_listed_as_such_and_mended_by_download(hub: FakeHub, cache: Path) -> None:
    run("download")
    weights = cache / "ms" / PARAFORMER.name / "v2.0.4" / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    assert [entry["state"] for entry in listed()] == ["ready", "broken"]
    assert failure(run("verify", PARAFORMER.name)).code is ErrorCode.MODEL_CORRUPT
    assert run("download").exit_code == 0
    assert [entry["state"] for entry in listed()] == ["ready", "ready"]
    assert run("verify", PARAFORMER.name).exit_code == 0


def test_a_partial_download_is_no_model(hub: FakeHub, cache: Path) -> None:
    hub.refused[WEIGHTS] = [404]
    assert failure(run("download")).code is ErrorCode.MODEL_NOT_FOUND
    assert [entry["state"] for entry in listed()] == ["ready", "not downloaded"]


def test_verify_uses_no_network(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_network(monkeypatch)
    assert "complete and sound" in run("verify", "demo").stdout
    copy = copy_demo(tmp_path / "mine")
    assert f"mine local in {copy}" in run("verify", str(copy)).stdout
    error = failure(run("verify", PARAFORMER.name))
    assert error.code is ErrorCode.MODEL_NOT_FOUND
    assert "models download" in error.advice


def test_the_demo_model_needs_no_download(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_network(monkeypatch)
    ended = run("download", "demo")
    assert (ended.exit_code, ended.stdout) == (0, f"{demo_directory()}\n")


@pytest.mark.parametrize(
    "arguments",
    [["download", "whisper"], ["download", "--hub", "github"], ["list", "--jsno"], ["unknown"], []],
)
def test_wrong_usage_ends_with_2(cache: Path, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_failure_is_two_lines_on_standard_error_and_exit_status_1(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", f"127.0.0.1:{closed_port()}")
    with pytest.raises(SystemExit) as ended:
        main(["models", "download"])
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    notes = captured.err.splitlines()
    assert notes[0] == "Downloading paraformer-zh-streaming v2.0.4 from ModelScope."
    assert notes[1].startswith("Error: ModelScope was not reachable at https://127.0.0.1:")
    assert "--model demo" in notes[2]
    assert len(notes) == 3


def test_an_interruption_says_how_to_go_on(
    hub: FakeHub, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("voicechat_server.asr.models.hub.snapshot.fetch", interrupt)
    ended = run("download")
    assert ended.exit_code == 1
    assert "goes on from here" in ended.stderr
