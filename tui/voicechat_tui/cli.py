"""The client's command line. Heavy modules are imported only when a command needs them."""

import sys
from typing import Annotated

import typer
from rich import print as rich_print

from voicechat_common import __version__
from voicechat_common.errors import VoicechatError
from voicechat_tui import quick_import
from voicechat_tui.commands.doctor import EPILOG as DOCTOR_EPILOG
from voicechat_tui.commands.doctor import doctor
from voicechat_tui.commands.help import HelpfulCommand, HelpfulGroup
from voicechat_tui.commands.locate import EPILOG as LOCATE_EPILOG
from voicechat_tui.commands.locate import locate
from voicechat_tui.commands.login import EPILOG as LOGIN_EPILOG
from voicechat_tui.commands.login import login
from voicechat_tui.commands.logout import EPILOG as LOGOUT_EPILOG
from voicechat_tui.commands.logout import logout
from voicechat_tui.commands.open import EPILOG as OPEN_EPILOG
from voicechat_tui.commands.open import open_app
from voicechat_tui.commands.replay import EPILOG as REPLAY_EPILOG
from voicechat_tui.commands.replay import replay
from voicechat_tui.commands.say import EPILOG as SAY_EPILOG
from voicechat_tui.commands.say import say
from voicechat_tui.commands.server import UrlOption
from voicechat_tui.commands.tail import EPILOG as TAIL_EPILOG
from voicechat_tui.commands.tail import tail
from voicechat_tui.commands.whoami import EPILOG as WHOAMI_EPILOG
from voicechat_tui.commands.whoami import whoami
from voicechat_tui.console.crash import told
from voicechat_tui.console.exit_codes import exit_code_of
from voicechat_tui.language import _

quick_import.end()

app = typer.Typer(
    name="voicechat-tui",
    cls=HelpfulGroup,
    invoke_without_command=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        rich_print(f"voicechat-tui {__version__}")
        raise typer.Exit


@app.callback(epilog=OPEN_EPILOG)
def voicechat(
    context: typer.Context,
    chat: Annotated[
        str | None,
        typer.Option(help="Open this chat right away; it is created if it doesn't exist.", metavar="ID"),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="The name that others see; if left out, the one in the settings or else your login name.",
            metavar="NAME",
        ),
    ] = None,
    url: UrlOption = None,
    local: Annotated[
        bool,
        typer.Option(
            "--local",
            help="Start a server with the demo model on this machine, and use it.",
            rich_help_panel="Server",
        ),
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Voice chat in the terminal: speak or type, and see everyone's words as they are spoken.

    Without a command, the app opens.
    """
    if context.invoked_subcommand is None:
        open_app(url=url, user=user, chat=chat, local=local)
        return
    options = {"--chat": chat, "--user": user, "--url": url, "--local": local or None}
    misplaced = [repr(option) for option, value in options.items() if value is not None]
    if misplaced:
        command = repr(context.invoked_subcommand)
        raise typer.BadParameter(
            _(
                "before {command}, only the app would read this; put it after {command}, or leave it out.",
                command=command,
            ),
            ctx=context,
            param_hint=_(" and ").join(misplaced),
        )


app.command(cls=HelpfulCommand, epilog=REPLAY_EPILOG)(replay)
app.command(cls=HelpfulCommand, epilog=SAY_EPILOG)(say)
app.command(cls=HelpfulCommand, epilog=TAIL_EPILOG)(tail)
app.command(cls=HelpfulCommand, epilog=LOGIN_EPILOG)(login)
app.command(cls=HelpfulCommand, epilog=LOGOUT_EPILOG)(logout)
app.command(cls=HelpfulCommand, epilog=WHOAMI_EPILOG)(whoami)
app.command(cls=HelpfulCommand, epilog=LOCATE_EPILOG)(locate)
app.command(cls=HelpfulCommand, epilog=DOCTOR_EPILOG)(doctor)


def main() -> None:
    """Run the command line; every error becomes one message on standard error and an exit status."""
    with told():
        try:
            app()
        except VoicechatError as error:
            from voicechat_tui.console.screen import Screen, make_printable

            make_printable(sys.stderr, utf8=False)
            Screen(sys.stdout, sys.stderr).error(error)
            raise SystemExit(exit_code_of(error)) from error
