"""The settings, their tables in the documentation, and the options of `serve` are the same."""

import re

import pytest
from typer.testing import CliRunner

from tools.settings_table import DOCS, TABLES, Table
from voicechat_server.cli import app
from voicechat_server.settings.model import Settings, option, variable
from voicechat_tui.files import paths
from voicechat_tui.identity.own_token import TOKEN_VARIABLE
from voicechat_tui.settings import model as client


@pytest.mark.parametrize("table", TABLES, ids=["server", "client"])
def test_the_table_in_the_documentation_is_up_to_date(table: Table) -> None:
    document = table.document.read_text(encoding="utf-8")
    assert document == table.with_table(document), "run tools/settings_table.py"


@pytest.mark.parametrize("table", TABLES, ids=["server", "client"])
def test_every_setting_has_a_sentence(table: Table) -> None:
    for name, field in table.settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_serve_has_an_option_for_each_setting() -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"]).output
    for name in Settings.model_fields:
        assert f"{option(name)} " in shown or f"{option(name)} /" in shown


def test_serve_tells_the_choices_there_are() -> None:
    shown = CliRunner().invoke(app, ["serve", "-h"]).output
    for choices in ("--hub <ms|hf>", "--auth <none|token>", "--log-level <debug|info|warning|error>"):
        assert choices in shown


def test_every_variable_named_in_the_documentation_is_a_setting() -> None:
    known = {variable(name) for name in Settings.model_fields}
    known |= {client.variable(name) for name in client.Settings.model_fields} | set(paths.VARIABLES)
    known.add(TOKEN_VARIABLE)
    for page in sorted(DOCS.glob("*.md")):
        named = set(re.findall(r"VOICECHAT_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
        assert named - {"VOICECHAT_TUI"} <= known, page.name
