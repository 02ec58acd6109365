"""Write the table of settings into docs/configuration.md, from the settings class.

python tools/settings_table.py          writes the table
python tools/settings_table.py --check  only tells whether it is up to date, by the exit status
"""

import sys
from pathlib import Path

from voicechat_server.settings import Settings, option, variable

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
BEGIN = "<!-- settings: begin -->\n"
END = "<!-- settings: end -->\n"


def table() -> str:
    """Return the Markdown table of every setting."""
    rows = ["| variable | option | default | meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(
            f"| `{variable(name)}` | `{option(name)}` | {shown_default(name)} | {field.description} |"
        )
    return "\n".join(rows) + "\n"


def shown_default(name: str) -> str:
    """Return a setting's default as one would write it in a variable."""
    if name == "cache_dir":
        return "the user's cache directory"
    if name == "database":
        return "`chats.db` in the user's data directory"
    default = Settings.model_fields[name].default
    if default is None:
        return "unset"
    if isinstance(default, tuple):
        return f"`{','.join(map(str, default))}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def with_table(document: str) -> str:
    """Return a document with its table replaced by the current one."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    """Write the table, or check it."""
    document = DOCUMENT.read_text(encoding="utf-8")
    current = with_table(document)
    if "--check" in sys.argv[1:]:
        sys.exit(0 if document == current else f"{DOCUMENT} is out of date: run tools/settings_table.py")
    DOCUMENT.write_text(current, encoding="utf-8")


if __name__ == "__main__":
    main()
