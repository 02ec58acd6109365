"""The sentences that docs/troubleshooting.md quotes are those of the code."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "docs" / "troubleshooting.md", ROOT / "docs" / "zh" / "troubleshooting.md")
SOURCES = ("server/voicechat_server", "common/voicechat_common", "tui/voicechat_tui")
GAP = "…"


@cache
def texts() -> list[str]:
    """Every text of the code; what an f-string puts in stands as a gap."""
    found = []
    for source in SOURCES:
        for path in (ROOT / source).rglob("*.py"):
            found += [text for node in ast.walk(ast.parse(path.read_bytes())) if (text := text_of(node))]
    return found


def text_of(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def quoted(page: Path) -> list[str]:
    return re.findall(r"^> (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def test_both_languages_quote_the_same() -> None:
    english, chinese = (quoted(page) for page in PAGES)
    assert len(english) > 15
    assert english == chinese


@pytest.mark.parametrize("sentence", quoted(PAGES[0]))
def test_a_quoted_sentence_is_one_of_the_code(sentence: str) -> None:
    fragments = [fragment.strip() for fragment in sentence.split(GAP) if len(fragment.strip()) > 1]
    for fragment in fragments:
        assert any(fragment in text for text in texts()), fragment
    assert max(map(len, fragments)) >= 10, "too little to recognise it by"


def test_the_causes_named_in_the_text_are_those_of_the_code() -> None:
    for page in PAGES:
        for cause in ("another program has locked it", "the file is damaged", "it can't be written"):
            assert f"`{cause}`" in page.read_text(encoding="utf-8")
            assert cause in texts()
