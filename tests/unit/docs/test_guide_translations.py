"""Each Chinese page of the guide says what its English one does, as far as a machine can tell."""

import re
from pathlib import Path

import pytest

from tools import keys_table, settings_table
from tools.documented import commands
from voicechat_tui.language.catalog import chinese

DOCS = Path(__file__).parents[3] / "docs"
CHINESE = DOCS / "zh"
ENGLISH_ONLY = {"performance.md"}
"""Measurements, which are figures."""

DEFAULTS = {
    "the user's cache directory": "用户的缓存目录",
    "`chats.db` in the user's data directory": "用户数据目录中的 `chats.db`",
    "`keys.json` in the user's data directory": "用户数据目录中的 `keys.json`",
    "unset": "未设置",
    "none": "无",
}
SETTING = re.compile(r"^\| (`\w+`) \| (`[^`]+`) \| (.+?) \|", re.MULTILINE)
"""A setting's names and its default, as a row of a table tells them."""

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
PAGES = sorted(page.name for page in DOCS.glob("*.md"))
TRANSLATED = sorted(page.name for page in CHINESE.glob("*.md"))


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return FENCE.sub("", text)


def code_in(cell: str) -> set[str]:
    return set(re.findall(r"`[^`]+`", cell))


def table_keys(text: str) -> list[str]:
    """The code in the first cell of each row, in order."""
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", without_code(text), re.MULTILINE)
    return [code for cell in cells for code in re.findall(r"`[^`]+`", cell)]


def test_every_page_of_the_guide_is_there_in_chinese() -> None:
    assert set(PAGES) - ENGLISH_ONLY <= set(TRANSLATED)
    assert set(TRANSLATED) <= set(PAGES)


@pytest.mark.parametrize("place", [DOCS, CHINESE], ids=["en", "zh"])
def test_the_index_names_every_page(place: Path) -> None:
    named = re.findall(r"^\| \[([\w.]+)\]\(", read(place / "README.md"), re.MULTILINE)
    assert set(PAGES) <= {*named, "README.md"}


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_headings_have_the_same_structure(name: str) -> None:
    english, chinese = (HEADING.findall(without_code(read(place / name))) for place in (DOCS, CHINESE))
    assert [level for level, _ in chinese] == [level for level, _ in english]
    for (_, title), (_, translated) in zip(english, chinese, strict=True):
        assert code_in(title) == code_in(translated)


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_code_blocks_are_the_same(name: str) -> None:
    """But for the remarks in shells, which may be in either language."""
    assert commands(CHINESE / name) == commands(DOCS / name)
    english, chinese = (
        [block for block in FENCE.findall(read(place / name)) if not block.startswith("```sh")]
        for place in (DOCS, CHINESE)
    )
    assert chinese == english


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_tables_tell_of_the_same_things(name: str) -> None:
    assert table_keys(read(CHINESE / name)) == table_keys(read(DOCS / name))


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_is_chinese_and_its_links_lead_somewhere(name: str) -> None:
    text = without_code(read(CHINESE / name))
    assert len(re.findall(r"[一-鿿]", text)) > 100
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (CHINESE / target).exists() or target.split("/")[-1] in ENGLISH_ONLY, target


@pytest.mark.parametrize("table", settings_table.TABLES, ids=lambda table: table.document.name)
def test_the_settings_have_the_same_defaults(table: settings_table.Table) -> None:
    wanted = [(*names, DEFAULTS.get(default, default)) for *names, default in SETTING.findall(table.text())]
    assert SETTING.findall(read(CHINESE / table.document.name)) == wanted


def test_the_keys_are_explained_as_in_the_app() -> None:
    rows = re.findall(r"^\| (`\w+`) \| (.+?) \| (.+) \|$", keys_table.table(), re.MULTILINE)
    page = read(CHINESE / keys_table.DOCUMENT.name)
    assert len(rows) > 20
    for name, keys, explanation in rows:
        assert f"| {name} | {keys} | {chinese()[explanation]} |\n" in page
