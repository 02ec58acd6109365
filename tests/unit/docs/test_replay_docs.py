"""docs/replay.md says what the command does, and its example is one."""

from pathlib import Path

import typer.main

from voicechat_tui.cli import app
from voicechat_tui.commands.replay import EPILOG
from voicechat_tui.replay.scenario.loader import load_scenario
from voicechat_tui.replay.scenario.model import STEPS, Scenario, Speaker

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")


def test_every_option_is_documented() -> None:
    command = typer.main.get_group(app).commands["replay"]
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    assert len(options) > 10
    assert [name for name in options - {"--help"} if f"`{name}" not in TEXT] == []


def test_every_exit_status_is_documented() -> None:
    for code, meaning in EPILOG.meaning.items():
        assert f"| {code:d} | {meaning} |" in TEXT


def test_every_key_of_a_scenario_is_documented() -> None:
    keys = {
        field.alias or name for model in (Scenario, Speaker) for name, field in model.model_fields.items()
    }
    assert [key for key in keys if f"`{key}`" not in TEXT and f"`[[{key}]]`" not in TEXT] == []
    for model in STEPS.values():
        assert [key for key in model.model_fields if f"{key} = " not in TEXT] == []


def test_the_example_can_be_played() -> None:
    scenario = load_scenario(ROOT / "docs" / "examples" / "two-callers.toml")
    assert [speaker.name for speaker in scenario.speakers] == ["anna", "ben"]
