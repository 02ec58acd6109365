"""The commands and files that the guide shows, for the tests that prove them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPLOYMENT = ROOT / "docs" / "deployment.md"
PORT = "localhost:8000"
"""Where the guide's server listens."""

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, in order."""
    return [body for kind, body in _FENCE.findall(document.read_text(encoding="utf-8")) if kind == language]


def commands(document: Path) -> list[str]:
    """Return the commands of all shell blocks, continued lines joined and remarks cut off."""
    text = "\n".join(blocks(document, "sh")).replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#\s.*", "", line).strip() for line in text.splitlines())
    return [re.sub(r"\s+", " ", line) for line in lines if line]


def curl_commands(document: Path, address: str) -> list[str]:
    """Return the guide's `curl` commands, for a server at another address."""
    return [line.replace(PORT, address) for line in commands(document) if line.startswith("curl ")]
