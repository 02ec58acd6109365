"""The options of commands that work on one chat."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from voicechat_common.mistakes import describe
from voicechat_common.names import ChatId, UserName

_SERVER = "Server"


def _chat_id(text: str) -> str:
    return _checked(TypeAdapter[str](ChatId), text)


def _user(text: str | None) -> str | None:
    return None if text is None else _checked(TypeAdapter[str](UserName), text)


def _checked(adapter: TypeAdapter[str], text: str) -> str:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(describe(error)) from error


ChatOption = Annotated[str, typer.Option("--chat", metavar="ID", callback=_chat_id, help="Which chat.")]
SpeakerOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="NAME",
        callback=_user,
        help="Who says it; if left out, the name that your token says, the one in the settings, or your "
        "login name.",
    ),
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="NAME",
        callback=_user,
        help="Who is reading; if left out, a guest, who does not take part in the chat.",
    ),
]
ReconnectOption = Annotated[
    float,
    typer.Option(
        "--reconnect",
        min=0.0,
        metavar="SECONDS",
        help="How long to try to restore a lost connection.",
        rich_help_panel=_SERVER,
    ),
]


def speaker(user: str | None) -> str:
    """Return the speaker's name.

    Args:
        user: What the option says.

    Raises:
        VoicechatError: `bad_setting` if it has to come from the settings and these have mistakes.
    """
    if user is not None:
        return user
    # The settings cost a tenth of a second to import, which `--help` need not pay.
    from voicechat_tui.settings.loading import load

    return load().required().name
