"""Which build of PyTorch is installed where, over real sockets, with a pip that only notes its orders."""

import platform
import re
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tools import pytorch

ROOT = Path(__file__).parents[3]
PIN = pytorch.pinned()


class Index(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/whl/torch/" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def index() -> Iterator[str]:
    """An index that has PyTorch."""
    with HTTPServer(("127.0.0.1", 0), Index) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/whl"
        server.shutdown()
        thread.join()


@contextmanager
def silent_index() -> Iterator[str]:
    """A host that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/whl"


@pytest.fixture(autouse=True)
def _a_machine_without_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("COMPUTE", "TORCH_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pytorch, "DRIVER", tmp_path / "driver")
    monkeypatch.setattr(pytorch, "installed", lambda: None)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What pip was asked to install."""
    told: list[tuple[str, ...]] = []

    def install(*arguments: str) -> int:
        told.append(arguments)
        return 0

    monkeypatch.setattr(pytorch, "install", install)
    return told


def program(directory: Path, text: str) -> None:
    """Make an `nvidia-smi` on PATH."""
    place = directory / "nvidia-smi"
    place.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    place.chmod(0o755)


def test_without_a_gpu_the_build_for_cpus_is_taken(
    index: str,
    pip: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(pytorch, "INDEX", index)
    assert pytorch.main() == 0
    assert pip == [(PIN, "--index-url", index)]
    assert capsys.readouterr().out == f"PyTorch for cpu comes from {index}: about 200 MB.\n"


def test_an_index_that_says_nothing_is_left(
    pip: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pytorch, "ANSWERS_WITHIN_S", 0.1)
    with silent_index() as silent:
        monkeypatch.setattr(pytorch, "INDEX", silent)
        assert pytorch.main() == 0
    assert pip == [(PIN,)]
    said = capsys.readouterr().out
    assert f"{silent} doesn't answer." in said
    assert "200 MB, or 3 GB if that is the build for NVIDIA GPUs" in said


def test_an_index_without_a_build_for_this_machine_is_left(
    index: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pytorch, "INDEX", index)
    told: list[tuple[str, ...]] = []

    def install(*arguments: str) -> int:
        told.append(arguments)
        return int("--index-url" in arguments)

    monkeypatch.setattr(pytorch, "install", install)
    assert pytorch.main() == 0
    assert told == [(PIN, "--index-url", index), (PIN,)]


def test_what_pip_says_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_INDEX", "")
    monkeypatch.setattr(pytorch, "install", lambda *_: 3)
    assert pytorch.main() == 3


def test_what_is_installed_stays(pip: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytorch, "installed", lambda: PIN.removeprefix("torch=="))
    assert pytorch.main() == 0
    assert pip == []


@pytest.mark.parametrize(
    ("system", "compute", "index"),
    [
        ("Linux", "cpu", "https://download.pytorch.org/whl/cpu"),
        ("Linux", "cu130", ""),
        ("Linux", "cu126", "https://download.pytorch.org/whl/cu126"),
        ("Windows", "cpu", "https://download.pytorch.org/whl/cpu"),
        ("Windows", "cu130", "https://download.pytorch.org/whl/cu130"),
        ("Darwin", "cpu", ""),
    ],
)
def test_where_each_system_gets_each_build(
    system: str, compute: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    assert pytorch.index_for(compute) == index


def test_variables_have_the_last_word(
    index: str, pip: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, "echo 'GPU 0: NVIDIA H100'")
    monkeypatch.setenv("COMPUTE", "cpu")
    monkeypatch.setenv("TORCH_INDEX", index)
    assert pytorch.main() == 0
    assert pip == [(PIN, "--index-url", index)]


@pytest.mark.parametrize(
    ("answer", "has_gpu"),
    [
        ("echo 'GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)'", True),
        ("echo 'No devices were found'", False),
        (
            "echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9",
            False,
        ),
    ],
)
def test_a_gpu_is_what_its_driver_knows(answer: str, has_gpu: bool, tmp_path: Path) -> None:
    assert not pytorch.has_nvidia_gpu()
    program(tmp_path, answer)
    assert pytorch.has_nvidia_gpu() is has_gpu


def test_a_driver_without_its_programs_tells_of_its_gpus(tmp_path: Path) -> None:
    (tmp_path / "driver" / "0000:01:00.0").mkdir(parents=True)
    assert pytorch.has_nvidia_gpu()


def test_the_dockerfile_takes_it_from_the_same_index() -> None:
    (index,) = re.findall(
        "^ARG TORCH_INDEX=(.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert index.replace("${COMPUTE}", "{compute}") == pytorch.INDEX


def test_everything_names_the_same_pythons() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.15"
    for name in ("Makefile", "start.bat", "main.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.findall(r"\((\d), (\d+)\) <= sys.version_info\[:2\] <= \((\d), (\d+)\)", text) == [
            ("3", "11", "3", "14")
        ], name
    language = "Programming Language :: Python :: "
    tried = [each.removeprefix(language) for each in project["classifiers"] if each.startswith(language)]
    assert tried == sorted(tried)
    assert {"3.11", "3.13"} <= set(tried) <= {f"3.{minor}" for minor in range(11, 15)}


def test_a_python_that_is_too_new_gets_one_sentence(tmp_path: Path) -> None:
    """One whose version check fails stands in for it."""
    newer = tmp_path / "python3.15"
    newer.write_text('#!/bin/sh\ncase "$2" in *sys.exit*) exit 1;; esac\n', encoding="utf-8")
    newer.chmod(0o755)
    done = subprocess.run(
        ["/usr/bin/make", "install", f"PYTHON={newer}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    first, second, *rest = done.stderr.splitlines()
    assert (
        first
        == f"Error: {newer} is not Python 3.11 to 3.14: older ones lack what is used, newer ones PyTorch."
    )
    assert second.startswith("Name one that is")
    assert [line for line in rest if not line.startswith("make")] == []
