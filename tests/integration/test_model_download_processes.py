"""Downloads by processes: killed in the middle, and two at once into one cache."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub import FakeHub, running_hub
from tests.support.waiting import WITHIN_S
from voicechat_server.asr.models.catalog import PARAFORMER
from voicechat_server.asr.models.directory.checks import verify
from voicechat_server.asr.models.directory.files import WEIGHTS

LAUNCHER = Path(__file__).parents[2] / "download_model.py"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running_hub() as hub:
        yield hub


def start(hub: FakeHub, cache: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.Popen(
        [sys.executable, LAUNCHER, "--hub", "ms", "--cache-dir", cache],
        env=environment | {"MODELSCOPE_ENDPOINT": hub.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_download_goes_on_from_where_it_was(hub: FakeHub, tmp_path: Path) -> None:
    target = tmp_path / "ms" / PARAFORMER.name / PARAFORMER.default_revision
    partial = target.with_name(".v2.0.4.partial") / WEIGHTS
    hub.pause_s = 0.02
    with start(hub, tmp_path) as first:
        while not (partial.exists() and partial.stat().st_size > 500_000):
            assert first.poll() is None
        first.kill()
    assert not target.exists()

    hub.pause_s = 0
    with start(hub, tmp_path) as second:
        output, notes = second.communicate(timeout=WITHIN_S)
    assert second.returncode == 0, notes
    assert output.strip() == str(target)
    assert hub.fetched(WEIGHTS)[-1] >= 500_000
    verify(target)
    assert (target / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_two_processes_share_one_download(hub: FakeHub, tmp_path: Path) -> None:
    hub.gate.clear()
    with start(hub, tmp_path) as first:
        assert hub.begun.wait(60)
        with start(hub, tmp_path) as second:
            assert second.stderr is not None
            waiting = ""
            while "Another process" not in waiting:
                waiting = second.stderr.readline()
                assert waiting, "the second process ended without waiting"
            hub.gate.set()
            outputs = [process.communicate(timeout=WITHIN_S)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert outputs[0] == outputs[1]
    assert hub.fetched(WEIGHTS) == [0]
    verify(Path(outputs[0].strip()))
