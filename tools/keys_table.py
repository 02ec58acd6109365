"""Write the table of keys into docs/tui.md, from the registry of actions.

python tools/keys_table.py          writes the table
python tools/keys_table.py --check  only tells whether it is up to date, by the exit status
"""

import sys
from pathlib import Path

from voicechat_tui.ui.keys.actions import Context, actions_of
from voicechat_tui.ui.keys.keymap import key_label

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "tui.md"
BEGIN = "<!-- keys: begin -->\n"
END = "<!-- keys: end -->\n"
HEADINGS = {
    Context.CHAT: "In a chat",
    Context.CHATS: "In the list of chats",
    Context.APP: "Everywhere",
}


def table() -> str:
    """Return the Markdown table of every action."""
    lines = ["| name | keys | what it does |\n", "|---|---|---|\n"]
    for context, heading in HEADINGS.items():
        lines.append(f"| **{heading}** | | |\n")
        for action in actions_of(context):
            keys = ", ".join(f"`{key_label(key)}`" for key in action.keys)
            lines.append(f"| `{action.id}` | {keys} | {action.help} |\n")
    return "".join(lines)


def with_table(document: str) -> str:
    """Return the document with its table replaced by the current one."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> int:
    """Write or check the table; return the exit status."""
    old = DOCUMENT.read_text(encoding="utf-8")
    new = with_table(old)
    if "--check" in sys.argv[1:]:
        return int(old != new)
    DOCUMENT.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
