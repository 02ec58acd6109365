"""`voicechat-tui say`: its options and its help."""

from typing import Annotated

import typer

from voicechat_tui.commands.chat_options import ChatOption, ReconnectOption, SpeakerOption, speaker
from voicechat_tui.commands.help import Epilog
from voicechat_tui.commands.server import UrlOption, address, choose_language
from voicechat_tui.console.exit_codes import ExitCode

EPILOG = Epilog(
    {
        'voicechat-tui say --chat monday --user build "Tests passed."': "one message",
        "journalctl -f | voicechat-tui say --chat ops --user log -": "each line as a message",
    },
    {
        ExitCode.OK: "everything is stored",
        ExitCode.FAILED: "a text was refused, for example because the chat has ended, or the command crashed",
        ExitCode.USAGE: "the command line or a setting is invalid",
        ExitCode.UNREACHABLE: "no server, it does not let you in, or the connection was lost; what was not "
        "stored is reported",
        ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
    },
)


def say(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT",
            help="What to say; [bold]-[/bold] says every non-blank line of standard input.",
        ),
    ],
    chat: ChatOption,
    user: SpeakerOption = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each text that is stored or refused.")
    ] = False,
    url: UrlOption = None,
    reconnect: ReconnectOption = 60.0,
) -> None:
    """Say something in a chat, which is created if it doesn't exist.

    The command exits when everything is stored, each text exactly once, whatever happens to the connection.
    """
    from voicechat_tui.talk.say import SayOptions
    from voicechat_tui.talk.say import say as run

    choose_language(json=json)
    options = SayOptions(
        text=text,
        chat_id=chat,
        user=user,
        usual_user=speaker(user),
        server=address(url),
        json=json,
        reconnect_s=reconnect,
    )
    raise typer.Exit(run(options))
