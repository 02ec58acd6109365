"""How names and texts stand in an export, so that neither reads like another line of it."""

import re
from functools import lru_cache

from voicechat_common.likeness import skeleton
from voicechat_common.printable import printable, printable_lines

_LINE_ENDS = re.compile("\r\n|[\n\u2028\u2029]")


def lines_of(content: str) -> list[str]:
    """Return the lines of a text. Old chats may have line ends that are no longer accepted."""
    return [printable_lines(line) for line in _LINE_ENDS.split(content)]


@lru_cache(maxsize=1 << 12)
def with_marked_colons(name: str) -> str:
    r"""Return a name with `\` before each `\` and what reads like a colon: a colon alone ends a name."""
    return "".join(
        f"\\{character}" if character == "\\" or ":" in skeleton(character) else character
        for character in printable(name)
    )
