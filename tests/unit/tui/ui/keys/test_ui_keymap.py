"""The registry of actions, and the keys that settings change."""

from collections import Counter

import pytest

from voicechat_tui.ui.keys.actions import ACTIONS, BY_ID, Context, actions_of
from voicechat_tui.ui.keys.keymap import Keymap, key_label

VITAL = ("talk", "mute", "send", "back", "new_chat", "search", "palette", "help", "quit")


def test_no_key_does_two_things_in_one_place() -> None:
    for context in (Context.CHATS, Context.CHAT):
        keys = Counter(key for action in actions_of(context, Context.APP) for key in action.keys)
        assert {key for key, count in keys.items() if count > 1} == set()


def test_every_action_has_a_key_a_title_and_a_sentence() -> None:
    for action in ACTIONS:
        assert action.keys
        assert action.title
        assert action.help.endswith(".")


@pytest.mark.parametrize("name", VITAL)
def test_what_nobody_can_do_without_has_a_second_key(name: str) -> None:
    assert len(BY_ID[name].keys) >= 2


def test_settings_give_an_action_other_keys() -> None:
    keymap = Keymap({"talk": ("f4", "ctrl+b")})
    assert keymap.problems == []
    assert keymap.keys("talk") == ("f4", "ctrl+b")
    assert keymap.label("talk") == "F4"
    assert keymap.overrides == {"talk": "f4,ctrl+b"}


def test_a_key_that_is_taken_is_refused_and_the_default_stays() -> None:
    keymap = Keymap({"talk": ("f1",)})
    assert keymap.problems == ["keys: f1 for talk already belongs to help."]
    assert keymap.keys("talk") == BY_ID["talk"].keys
    assert keymap.overrides == {}


def test_an_unknown_action_is_told() -> None:
    assert Keymap({"tlak": ("f4",)}).problems == ["keys: there is no action tlak."]


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("f2", "F2"),
        ("ctrl+t", "^t"),
        ("ctrl+end", "^end"),
        ("ctrl+shift+t", "ctrl+shift+t"),
        ("alt+left", "alt+←"),
        ("escape", "esc"),
        ("slash", "/"),
        ("x", "x"),
    ],
)
def test_keys_are_written_as_people_know_them(key: str, label: str) -> None:
    assert key_label(key) == label
