"""`voicechat-tui logout`: its options and its help."""

import sys
from typing import Annotated

import typer

from voicechat_tui.commands.help import Epilog
from voicechat_tui.commands.server import address, choose_language
from voicechat_tui.console.exit_codes import ExitCode

EPILOG = Epilog(
    {
        "voicechat-tui logout": "from the server of the settings",
        "voicechat-tui logout https://voice.example": "from another one",
    },
    {
        ExitCode.OK: "this machine has no login for the server any more",
        ExitCode.FAILED: "the command crashed",
        ExitCode.USAGE: "the command line or a setting is invalid, or the file of the logins can't be used",
        ExitCode.UNREACHABLE: "the system's keyring can't be used; the login is still there",
        ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
    },
)


def logout(
    server: Annotated[
        str | None,
        typer.Argument(
            metavar="ADDRESS", help="The address of a server; the one of the settings if left out."
        ),
    ] = None,
) -> None:
    """Forget the login for a server on this machine.

    The token itself stays valid until it expires or whoever runs the server revokes it.
    """
    from voicechat_tui.account.logout import log_out
    from voicechat_tui.console.screen import Screen, make_printable

    choose_language(json=False)
    make_printable(sys.stderr, utf8=False)
    log_out(address(server), Screen(sys.stdout, sys.stderr))
