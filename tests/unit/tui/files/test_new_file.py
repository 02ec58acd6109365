"""Files that a person asks for: under a name that any system has, and never in place of another."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.files.new_file import create, safe_name

WRITES_A_MEGABYTE = """
import resource, sys
from pathlib import Path
from voicechat_tui.files.new_file import create
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
create(Path(sys.argv[1]), bytes(1 << 20))
"""


def test_what_is_there_stays(tmp_path: Path) -> None:
    wanted = tmp_path / "monday.md"
    written = [create(wanted, str(number).encode()).name for number in range(3)]
    assert written == ["monday.md", "monday-2.md", "monday-3.md"]
    assert [(tmp_path / name).read_text() for name in written] == ["0", "1", "2"]


def test_a_directory_or_a_broken_link_of_the_name_stays_too(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    (tmp_path / "a-2.md").symlink_to(tmp_path / "elsewhere")
    assert create(tmp_path / "a.md", b"new").name == "a-3.md"
    assert not (tmp_path / "elsewhere").exists()


def test_those_who_write_at_the_same_moment_take_nothing_from_each_other(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        paths = list(pool.map(lambda number: create(tmp_path / "a.svg", str(number).encode()), range(64)))
    assert sorted(int(path.read_text()) for path in paths) == list(range(64))


def test_a_device_has_nothing_to_lose() -> None:
    assert create(Path(os.devnull), b"text") == Path(os.devnull)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(VoicechatError, match=r"a\.md can't be written: No such file or directory") as caught:
        create(tmp_path / "none" / "a.md", b"new")
    assert caught.value.code is ErrorCode.DISK


def test_nothing_is_left_of_a_file_for_which_there_is_no_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITES_A_MEGABYTE, str(tmp_path / "a.md")],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "a.md can't be written: File too large. Free up space there" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("monday", "monday"),
        ("周一 例会", "周一 例会"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc/passwd", "_-..-etc-passwd"),
        ("..", "_"),
        (" .hidden. ", "hidden"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1", "_com1"),
        ("company", "company"),
        ("-rf", "_-rf"),
        ("a\x00\n\tb", "a b"),
        ("", "_"),
        ("x" * 300, "x" * 200),
        ("语" * 300, "语" * 66),
    ],
)
def test_a_name_for_any_system(text: str, expected: str) -> None:
    assert safe_name(text) == expected


@given(st.text())
def test_any_text_makes_a_name_within_its_directory(text: str) -> None:
    name = safe_name(text)
    assert PurePath(name).name == name
    assert not set('/\\:*?"<>|\0\n') & set(name)
    assert name[0] not in ". -"
    assert len(f"{name}-12345.md".encode()) <= 255
