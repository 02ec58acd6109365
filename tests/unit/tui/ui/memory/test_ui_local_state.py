"""What the app remembers: whose it is, and what several apps of a login make of one file."""

import json
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.staged import SERVER, local_state
from voicechat_tui.ui.memory import local_file
from voicechat_tui.ui.memory.local_state import THIS_MACHINE

OTHER_SERVER = "http://other.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "app.json"


def test_what_is_remembered_belongs_to_one_person_on_one_server(file: Path) -> None:
    own = local_state(file)
    own.keep_draft("monday", "mine")
    own.unsent("monday")["own-1"] = "hello"
    own.keep_seen("monday", 800)
    own.save_now()
    for server, user in ((SERVER, "bob"), (OTHER_SERVER, "alice")):
        other = local_state(file, server, user)
        assert (other.written(), other.unsent("monday"), other.remembered.seen) == ({}, {}, {})
        other.keep_draft("monday", user)
        other.save_now()
    again = local_state(file)
    assert again.remembered.drafts == {"monday": "mine"}
    assert again.unsent("monday") == {"own-1": "hello"}
    assert again.remembered.seen == {"monday": 800}


def test_the_server_on_this_machine_has_a_memory_of_its_own(file: Path) -> None:
    state = local_state(file)
    state.keep_draft("monday", "to the server")
    state.move_to(THIS_MACHINE, "alice")
    assert state.written() == {}
    state.keep_draft("monday", "to this machine")
    state.save_now()
    assert local_state(file).written() == {"monday": "to the server"}
    assert local_state(file, THIS_MACHINE).written() == {"monday": "to this machine"}


def test_two_apps_of_one_login_take_nothing_from_each_other(file: Path) -> None:
    first = local_state(file)
    first.keep_draft("monday", "old")
    first.unsent("monday")["own-1"] = "stored meanwhile"
    first.save_now()
    second = local_state(file)
    first.keep_draft("monday", "")
    first.keep_draft("tuesday", "of the first")
    del first.unsent("monday")["own-1"]
    first.unsent("monday")["own-2"] = "of the first"
    first.muted = True
    first.save_now()
    second.keep_draft("friday", "of the second")
    second.unsent("monday")["other-1"] = "of the second"
    second.save_now()
    first.keep_draft("tuesday", "of the first, corrected")
    first.save_now()
    both = local_state(file)
    assert both.remembered.drafts == {"tuesday": "of the first, corrected", "friday": "of the second"}
    assert both.unsent("monday") == {"own-2": "of the first", "other-1": "of the second"}
    assert both.muted


@pytest.mark.parametrize("content", ['{"drafts": {"monday": "old"}, "unsent": {"monday": {}}}', "{", ""])
def test_a_file_of_another_version_is_put_aside_with_a_word(file: Path, content: str) -> None:
    file.parent.mkdir()
    for number in (1, 2):
        file.write_text(content, encoding="utf-8")
        state = local_state(file)
        assert state.problem is not None
        assert f"it is now app.old{number}" in str(state.problem)
        assert (file.parent / f"app.old{number}").read_text(encoding="utf-8") == content
        assert (file.exists(), state.written()) == (False, {})
    state.keep_draft("monday", "new")
    state.save_now()
    assert local_state(file).written() == {"monday": "new"}


def test_a_file_that_cannot_be_read_is_told_and_left_alone(file: Path) -> None:
    file.mkdir(parents=True)
    state = local_state(file)
    assert state.problem is not None
    assert "can't be read: Is a directory" in str(state.problem)
    with pytest.raises(OSError, match="Is a directory"):
        state.save_now()
    assert file.is_dir()


def test_an_app_that_hangs_while_it_writes_holds_no_other_for_long(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_file, "LOCKED_WITHIN_S", 0.1)
    file.parent.mkdir()
    with FileLock(file.with_suffix(".lock")), pytest.raises(OSError, match=r"app\.lock"):
        local_state(file).save_now()


async def test_each_save_takes_up_what_has_changed_since_the_last(file: Path) -> None:
    state = local_state(file)
    state.keep_draft("monday", "one")
    await state.save()
    state.keep_draft("monday", "two")
    await state.save()
    state.keep_draft("monday", "")
    await state.save()
    assert local_state(file).written() == {}


def test_what_an_earlier_version_kept_with_a_password_is_kept_without(file: Path) -> None:
    file.parent.mkdir()
    there = {"drafts": {"monday": "mine"}, "unsent": {"monday": {"own-1": "hello"}}, "seen": {"monday": 3}}
    newer = {"drafts": {"monday": "newer"}, "unsent": {"monday": {"own-2": "there"}}}
    login = SERVER.replace("http://", "http://alice:hunter2@")
    servers = {login: {"alice": there, "bob": {"drafts": {"monday": "his"}}}, SERVER: {"alice": newer}}
    file.write_text(json.dumps({"version": 2, "servers": servers}), encoding="utf-8")
    state = local_state(file)
    assert state.problem is None
    assert "hunter2" not in file.read_text(encoding="utf-8")
    assert state.remembered.drafts == {"monday": "newer"}
    assert state.unsent("monday") == {"own-1": "hello", "own-2": "there"}
    assert state.remembered.seen == {"monday": 3}
    assert local_state(file, user="bob").written() == {"monday": "his"}
    state.keep_draft("monday", "newest")
    state.save_now()
    assert local_state(file).remembered.drafts == {"monday": "newest"}
