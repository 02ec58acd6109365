"""`voicechat-tui login`: its options and its help."""

import sys
from typing import Annotated

import typer

from voicechat_tui.commands.help import Epilog
from voicechat_tui.commands.server import choose_language
from voicechat_tui.console.exit_codes import ExitCode

EPILOG = Epilog(
    {
        "voicechat-tui login 'https://voice.example/#invitation=eyJ0…'": "with an invitation",
        "voicechat-tui login https://voice.example": "with a token, which is asked for",
        "voicechat-tui login voice.example --name bot < invitation.txt": "without a terminal",
    },
    {
        ExitCode.OK: "logged in, or the server asks nobody who they are",
        ExitCode.FAILED: "the server failed, nothing was entered, or the command crashed",
        ExitCode.USAGE: "the command line, a setting, the token or the name can't be used, the name is "
        "taken, or the file of the logins can't be used",
        ExitCode.UNREACHABLE: "no server, or it does not accept the token or the invitation",
        ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
    },
)


def login(
    server: Annotated[
        str | None,
        typer.Argument(
            metavar="LINK|ADDRESS",
            help="An invitation link, or the address of a server, for which a token is then asked for, or "
            "read from standard input; the server of the settings if left out.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="The name that others will see, for an invitation; asked for if left out.",
        ),
    ] = None,
) -> None:
    """Log in to a server with an invitation or a token.

    The login is kept in the system's keyring, or else in a file that only you can read, and every command and
    the app present it to that server alone. For scripts, the variable VOICECHAT_TUI_TOKEN can hold a token.
    """
    from voicechat_tui.account.login import LoginOptions, log_in
    from voicechat_tui.console.screen import Screen, make_printable

    choose_language(json=False)
    make_printable(sys.stderr, utf8=False)
    log_in(LoginOptions(server, name), Screen(sys.stdout, sys.stderr))
