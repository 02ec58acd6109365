"""Which server a command talks to: the option `--url`, its variable, the settings file, this machine."""

from typing import Annotated

import typer

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="ADDRESS",
        help="The server, such as host:8000 or wss://voice.example; VOICECHAT_TUI_URL or the settings say it "
        "if left out.",
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
    from voicechat_tui.settings import load

    return load().required().url
