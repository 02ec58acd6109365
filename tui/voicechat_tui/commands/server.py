"""What commands take from the settings: which server to talk to, and in which language."""

from contextlib import suppress
from typing import Annotated

import typer

from voicechat_common.errors import VoicechatError
from voicechat_tui import language

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="ADDRESS",
        help="The server, such as host:8000 or wss://voice.example; if left out, it comes from "
        "VOICECHAT_TUI_URL or the settings.",
        rich_help_panel="Server",
    ),
]


def address(url: str | None) -> str:
    """Return the address to use.

    Args:
        url: What the option says.

    Raises:
        VoicechatError: `bad_setting` if the settings are to say it and have mistakes: speech must not go to
            another server than the one that is meant.
    """
    if url is not None:
        return url
    # The settings cost a tenth of a second to import, which `--help` need not pay.
    from voicechat_tui.settings.loading import load

    return load().required().url


def configured() -> str:
    """Return the address in the settings, or the default if they have mistakes."""
    from voicechat_tui.settings.loading import load

    return load().settings.url


def choose_language(*, json: bool) -> None:
    """Choose the language of the settings or the locale; English if programs read the output.

    Args:
        json: Whether programs read it.
    """
    from voicechat_tui.settings.loading import load

    if json:
        language.use_for_programs()
        return
    # Settings that can't be read are reported where they are needed.
    with suppress(VoicechatError):
        language.use(load().settings.chosen_language)
