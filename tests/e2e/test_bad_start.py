"""A server that can't work says so once, before it listens: what else can be wrong than test_serve.py has."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.forked import ROOT
from tests.support.hub import running_hub
from tests.support.models import copy_demo
from tests.support.server_process import python, refused
from voicechat_server.asr.models.directory.files import WEIGHTS

UNWRITABLE = "/proc/nothing/can/be/written/here"


def test_a_cache_that_cannot_be_written() -> None:
    said = refused(VOICECHAT_CACHE_DIR=UNWRITABLE)
    assert "The model can't be written to /proc/" in said
    assert "--cache-dir" in said


def test_a_file_where_the_cache_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "The model can't be written to" in refused(VOICECHAT_CACHE_DIR=str(tmp_path / "file"))


def test_a_data_directory_that_cannot_be_written() -> None:
    said = refused("--model", "demo", VOICECHAT_DATABASE=f"{UNWRITABLE}/chats.db")
    assert f"The directory {UNWRITABLE} for the chat database can't be made" in said
    assert "VOICECHAT_DATABASE" in said


def test_a_database_that_is_none(tmp_path: Path) -> None:
    place = tmp_path / "chats.db"
    place.write_bytes(b"no database at all" * 100)
    said = refused("--model", "demo", VOICECHAT_DATABASE=str(place))
    assert "the file is not a database" in said


def test_a_truncated_model_in_the_cache(tmp_path: Path) -> None:
    model = copy_demo(tmp_path / "ms" / "paraformer-zh-streaming" / "v2.0.4")
    whole = (model / WEIGHTS).read_bytes()
    (model / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    said = refused(VOICECHAT_CACHE_DIR=str(tmp_path))
    assert f"{WEIGHTS} is cut off" in said


@pytest.mark.parametrize(
    ("variables", "both"),
    [
        (
            {"VOICECHAT_PRECISION": "fp16"},
            "VOICECHAT_PRECISION is fp16 and VOICECHAT_DEVICE is cpu, which contradict each other",
        ),
        (
            {"VOICECHAT_PRE_ROLL_MS": "4000", "VOICECHAT_MAX_SEGMENT_S": "3"},
            "VOICECHAT_PRE_ROLL_MS is 4000 and VOICECHAT_MAX_SEGMENT_S is 3.0",
        ),
        (
            {"VOICECHAT_MAX_END_SILENCE_MS": "2000", "VOICECHAT_MAX_SEGMENT_S": "2"},
            "VOICECHAT_MAX_END_SILENCE_MS is 2000 and VOICECHAT_MAX_SEGMENT_S is 2.0",
        ),
        ({"VOICECHAT_CORS_ORIGINS": "*,https://chat.example.org"}, "which contradicts the others"),
    ],
)
def test_settings_that_contradict_each_other(variables: dict[str, str], both: str) -> None:
    assert both in refused("--model", "demo", **variables)


def test_an_origin_that_is_none() -> None:
    said = refused("--model", "demo", VOICECHAT_CORS_ORIGINS="chat.example.org/app")
    assert "'chat.example.org/app' is not an origin" in said


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("chat.example.com", "it is written like https://chat.example.com"),
        ("wss://chat.example.com", "it is written like https://chat.example.com"),
        ("https://chat.example.com:99999", "Port out of range"),
        ("https://bob:secret@chat.example.com", "it is written like https://chat.example.com"),
        ("https://chat.example.com/a//b", "it is written like https://chat.example.com"),
        ("https://chat.example.com/chat", "the server has a path /chat of its own"),
    ],
)
def test_a_public_address_that_is_none(url: str, reason: str) -> None:
    assert reason in refused("--model", "demo", "--public-url", url)


def test_a_device_that_is_none() -> None:
    assert "a device is cpu, mps, cuda or cuda:N" in refused("--model", "demo", VOICECHAT_DEVICE="gpu")


def test_a_disk_without_room_for_the_model(tmp_path: Path) -> None:
    script = f"""
import shutil, sys
from voicechat_server.cli import main
usage = shutil.disk_usage
shutil.disk_usage = lambda path: usage(path)._replace(free=1_000_000)
main(["serve", "--cache-dir", {str(tmp_path)!r}])
"""
    done = python("-c", script)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The disk of ")
    assert "is too full for the 881 MB of the model" in done.stderr
    assert "listening" not in done.stderr


def test_a_disk_that_is_full_while_downloading(tmp_path: Path) -> None:
    """The kernel ends what is written beyond a limit, as it does on a full disk."""

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    with running_hub() as hub:
        done = subprocess.run(
            [sys.executable, "download_model.py", "--cache-dir", str(tmp_path)],
            cwd=ROOT,
            env={"MODELSCOPE_ENDPOINT": hub.url, "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "*"},
            preexec_fn=limit_files,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 1
    assert "The model can't be written to" in done.stderr
    assert "Traceback" not in done.stderr
