"""Changing a setting leaves the rest of the file as its owner wrote it."""

from pathlib import Path

import pytest

from voicechat_common.errors import VoicechatError
from voicechat_tui.settings.loading import load
from voicechat_tui.settings.writing import change, changed

FILE = """\
# Mine.

theme = "dark"  # easy on the eyes
pre_roll_ms = 200

# Function keys only.
[keys]
talk = "f2"
"""


def test_a_value_is_replaced_and_its_comment_kept() -> None:
    assert changed(FILE, "theme", "light") == FILE.replace('"dark"', '"light"')


def test_a_new_setting_stands_between_the_head_and_the_rest() -> None:
    assert changed(FILE, "journal", True) == FILE.replace("# Mine.\n\n", "# Mine.\n\njournal = true\n")


def test_a_new_setting_parts_no_comment_from_its_table() -> None:
    assert changed("# Keys.\n[keys]\n", "user", "安娜") == 'user = "安娜"\n# Keys.\n[keys]\n'


def test_a_setting_is_taken_out() -> None:
    assert changed(FILE, "pre_roll_ms", None) == FILE.replace("pre_roll_ms = 200\n", "")
    assert changed(FILE, "user", None) == FILE


def test_a_table_is_replaced_or_added(tmp_path: Path) -> None:
    assert 'mute = "f3"' in changed(FILE, "keys", {"mute": "f3"})
    assert changed('user = "a"\n', "keys", {"mute": ["f3"]}).startswith('user = "a"\n')


def test_the_first_change_makes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "new" / "tui.toml"
    monkeypatch.setenv("VOICECHAT_TUI_CONFIG", str(file))
    change("device", "Röde — NT-USB")
    change("journal", True)
    found = load({})
    assert (found.settings.device, found.settings.journal, found.problem) == ("Röde — NT-USB", True, None)
    assert [path.name for path in file.parent.iterdir()] == ["tui.toml"]


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text('theme = "dark"\n')
    kept.chmod(0o600)
    (tmp_path / "tui.toml").symlink_to(kept)
    change("theme", "ansi", tmp_path / "tui.toml")
    assert (tmp_path / "tui.toml").is_symlink()
    assert kept.read_text() == 'theme = "ansi"\n'
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("key", "value"), [("theme", "purple"), ("pre_roll_ms", -1), ("uzer", "x"), ("user", " ")]
)
def test_what_can_not_be_used_is_not_written(tmp_path: Path, key: str, value: str | int) -> None:
    with pytest.raises(VoicechatError, match=f"{key} can't be"):
        change(key, value, tmp_path / "tui.toml")
    assert not (tmp_path / "tui.toml").exists()


def test_a_file_with_errors_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "tui.toml"
    file.write_text("theme = dark")
    with pytest.raises(VoicechatError, match="line 1, column 9"):
        change("theme", "dark", file)
    assert file.read_text() == "theme = dark"


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VoicechatError, match=r"can't be (written|read)"):
        change("theme", "dark", tmp_path / "file" / "tui.toml")
