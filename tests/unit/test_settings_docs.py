"""The settings, their table in the documentation, and the options of `serve` are the same."""

import re
from pathlib import Path

from typer.testing import CliRunner

from tools import settings_table
from voicechat_server.cli import app
from voicechat_server.settings import Settings, option, variable


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    document = settings_table.DOCUMENT.read_text(encoding="utf-8")
    assert document == settings_table.with_table(document), "run tools/settings_table.py"


def test_every_setting_has_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_serve_has_an_option_for_each_setting() -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"]).output
    for name in Settings.model_fields:
        assert f"{option(name)} " in shown or f"{option(name)} /" in shown


def test_every_variable_named_in_the_documentation_is_a_setting() -> None:
    known = {variable(name) for name in Settings.model_fields}
    for page in sorted(Path(settings_table.DOCUMENT).parent.glob("*.md")):
        named = set(re.findall(r"VOICECHAT_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
        assert {name for name in named if not name.startswith("VOICECHAT_TUI")} <= known, page.name
