"""Running the app in the terminal of this process."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe
from voicechat_common.names import ChatId, UserName
from voicechat_tui import language
from voicechat_tui.client.connection.address import server_name
from voicechat_tui.client.own_name import own_name
from voicechat_tui.console import native_stderr
from voicechat_tui.files import paths
from voicechat_tui.language import _
from voicechat_tui.local_server.installation import is_installed
from voicechat_tui.logs.log_file import LogFile
from voicechat_tui.settings.loading import load

if TYPE_CHECKING:
    from voicechat_tui.ui.backend.local import LocalBackend

_NAMED_WITHIN_S = 5.0
"""How long to wait for a server that has to be asked for the person's name: only for a token of a script."""


def run(url: str | None, user: str | None, chat: str | None, *, local: bool) -> None:
    """Run the app until the person leaves it.

    Args:
        url: The server, instead of the one in the settings.
        user: Who, instead of who the settings name.
        chat: The chat to open at once.
        local: Whether to start a server on this machine and use it.

    Raises:
        VoicechatError: `bad_setting` if something here can't be used, or there is no terminal;
            `connection_lost` if speech was not delivered before the person left.
    """
    options = {"url": url or None, "user": user or None}
    loaded = load(options=options)
    language.use(loaded.settings.chosen_language)
    _need_terminal()
    settings = loaded.settings
    server = server_name(url or settings.url)
    usual = _checked(TypeAdapter(UserName), user or settings.name, "--user")
    # Who is given a name has it everywhere; else each server may know the person by another.
    who = user or asyncio.run(_name_by_token(settings.url)) or usual
    if chat is not None:
        _checked(TypeAdapter(ChatId), chat, "--chat")

    from voicechat_tui.ui.app import VoicechatApp
    from voicechat_tui.ui.backend.server import ServerBackend
    from voicechat_tui.ui.memory.local_state import LocalState

    local_state = LocalState(paths.data_dir() / "app.json", server, who)
    make_local = _local_backend if local or is_installed() else None
    with LogFile(paths.log_file(), settings.log_level) as log, native_stderr.into(log):
        app = VoicechatApp(
            loaded,
            ServerBackend(settings.url),
            who,
            local_state,
            make_local=make_local,
            local_at_once=local,
            chat_id=chat,
            options=options,
            name_on=lambda server: user or asyncio.run(_name_by_token(server)) or usual,
        )
        _end_with_terminal(app.leave_soon)
        app.run()
        lost = _lost_speech(app.unheard_ms, journal=app.settings.journal)
        if lost is not None:
            logging.getLogger(__name__).warning("%s", lost)
    if app.crash is not None:
        raise app.crash
    if lost is not None:
        raise lost


async def _name_by_token(server: str) -> str | None:
    """Return the name that a token says, if there is time to find out; the connection tells what is wrong."""
    with suppress(VoicechatError, TimeoutError):
        async with asyncio.timeout(_NAMED_WITHIN_S):
            return await own_name(server)
    return None


def _end_with_terminal(end: Callable[[], None]) -> None:
    """Let the app end in order, and only once, when the terminal closes or the process is terminated.

    The handlers stay: a signal that comes while the app ends, as a second one of a closed terminal does, must
    not break that off.
    """
    for name in ("SIGHUP", "SIGTERM", "SIGINT"):
        if hasattr(signal, name):  # Windows has no SIGHUP.
            signal.signal(getattr(signal, name), lambda *_: end())


def _lost_speech(unheard_ms: int, *, journal: bool) -> VoicechatError | None:
    """Return the error for speech that was not delivered before the app ended, or None."""
    if not unheard_ms:
        return None
    return VoicechatError(
        ErrorCode.CONNECTION_LOST,
        _(
            "{seconds} s of what you said did not reach the server before the app ended.",
            seconds=round(unheard_ms / 1000, 1),
        ),
        _("Send what is in the journal with `voicechat-tui replay --journal`.")
        if journal
        else _("With journal = true in the settings such speech is kept, and can be sent later."),
    )


def _local_backend(started: Callable[[str], None]) -> "LocalBackend":
    from voicechat_tui.ui.backend.local import LocalBackend

    return LocalBackend(paths.data_dir(), started)


def _need_terminal() -> None:
    draws = any(stream is not None and stream.isatty() for stream in (sys.__stderr__, sys.__stdout__))
    if not (sys.stdin.isatty() and draws):
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("The app needs a terminal, and this is not one."),
            _("Run it in one, or use `voicechat-tui say` and `voicechat-tui tail`, which need none."),
        )


def _checked(kind: TypeAdapter[str], value: str, option: str) -> str:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _(
                "{option} {value} can't be used: {reason}.",
                option=option,
                value=repr(value),
                reason=describe(error),
            ),
            _("Choose another with {option}.", option=option),
        ) from error
