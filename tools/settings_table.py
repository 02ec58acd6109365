"""Write the tables of settings into docs/configuration.md and docs/settings.md, from the settings classes.

python tools/settings_table.py          writes the tables
python tools/settings_table.py --check  only tells whether they are up to date, by the exit status
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from voicechat_server.settings import model as server
from voicechat_tui.settings import model as client

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN = "<!-- settings: begin -->\n"
END = "<!-- settings: end -->\n"


@dataclass(frozen=True)
class Table:
    """The table of one settings class in its document.

    Attributes:
        document: The file.
        settings: The class.
        columns: For each column but the last two, its title and what names a field there.
        defaults: What to say of defaults that depend on the machine.
    """

    document: Path
    settings: type[BaseModel]
    columns: Mapping[str, Callable[[str], str]]
    defaults: Mapping[str, str]

    def text(self) -> str:
        """Return the Markdown table of every setting."""
        titles = [*self.columns, "default", "meaning"]
        rows = []
        for name, field in self.settings.model_fields.items():
            names = [f"`{named(name)}`" for named in self.columns.values()]
            rows.append([*names, self.shown_default(name), field.description or ""])
        lines = [f"| {' | '.join(row)} |\n" for row in (titles, *rows)]
        lines.insert(1, f"{'|---' * len(titles)}|\n")
        return "".join(lines)

    def shown_default(self, name: str) -> str:
        """Return a setting's default as one would write it in a variable."""
        if name in self.defaults:
            return self.defaults[name]
        default = self.settings.model_fields[name].get_default(call_default_factory=True, validated_data={})
        if default is None:
            return "unset"
        if isinstance(default, tuple):
            return f"`{','.join(map(str, default))}`"
        return f"`{str(default).lower() if isinstance(default, bool) else default}`"

    def with_table(self, document: str) -> str:
        """Return a document with its table replaced by the current one."""
        before, rest = document.split(BEGIN)
        _, after = rest.split(END)
        return f"{before}{BEGIN}\n{self.text()}\n{END}{after}"


SERVER = Table(
    DOCS / "configuration.md",
    server.Settings,
    {"variable": server.variable, "option": server.option},
    {
        "cache_dir": "the user's cache directory",
        "database": "`chats.db` in the user's data directory",
        "key_file": "`keys.json` in the user's data directory",
    },
)
CLIENT = Table(
    DOCS / "settings.md", client.Settings, {"key": str, "variable": client.variable}, {"keys": "none"}
)
TABLES = (SERVER, CLIENT)


def main() -> None:
    """Write the tables, or check them."""
    for table in TABLES:
        document = table.document.read_text(encoding="utf-8")
        current = table.with_table(document)
        if "--check" not in sys.argv[1:]:
            table.document.write_text(current, encoding="utf-8")
        elif document != current:
            sys.exit(f"{table.document} is out of date: run tools/settings_table.py")


if __name__ == "__main__":
    main()
