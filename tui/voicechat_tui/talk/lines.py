"""Lines of text from standard input, as they arrive."""

import asyncio
from collections.abc import AsyncGenerator

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _
from voicechat_tui.sources.pipe import PipeReader

LONGEST_LINE = 1 << 20
"""How many bytes without a newline it takes until standard input is taken for something other than text."""


async def lines(fd: int) -> AsyncGenerator[str, None]:
    """Yield the non-blank lines of a descriptor, without their line endings.

    Raises:
        VoicechatError: `bad_field` if it is not text.
    """
    pipe = PipeReader(fd)
    pipe.start(asyncio.get_running_loop())
    rest = b""
    try:
        while data := await pipe.read():
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                if text := _decoded(line):
                    yield text
            if len(rest) > LONGEST_LINE:
                raise _no_text(_("a line has no end"))
        if text := _decoded(rest):
            yield text
    finally:
        pipe.close()


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8").strip("\r\ufeff").rstrip()
    except UnicodeDecodeError as error:
        raise _no_text(_("it is not UTF-8")) from error


def _no_text(reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_FIELD,
        _("Standard input is not text: {reason}.", reason=reason),
        _("Pipe lines of UTF-8 text into it."),
    )
