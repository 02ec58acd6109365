"""Lines of text from standard input, as they come."""

import asyncio
from collections.abc import AsyncGenerator

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _
from voicechat_tui.sources.pipe import PipeReader

LONGEST_LINE = 1 << 20
"""Bytes without a newline after which standard input is taken for something else than text."""


async def lines(fd: int) -> AsyncGenerator[str, None]:
    """Yield the lines of a descriptor that are not blank, without their ends.

    Raises:
        VoicechatError: `bad_field` if it is no text.
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
