"""`voicechat-tui tail`: its options and its help."""

from typing import Annotated

import typer

from voicechat_tui.commands.chat_options import ChatOption, ReaderOption, ReconnectOption
from voicechat_tui.commands.help import Epilog
from voicechat_tui.commands.server import UrlOption, address, choose_language
from voicechat_tui.console.exit_codes import ExitCode

EPILOG = Epilog(
    {
        "voicechat-tui tail --chat monday": "the last messages, then everything that is said",
        "voicechat-tui tail --chat monday --since 0 --no-follow > monday.txt": "the whole chat, for a file",
        "voicechat-tui tail --chat monday --json | jq -r 'select(.type == \"stored\") | .message.content'": (
            "for programs"
        ),
    },
    {
        ExitCode.OK: "everything was shown, or the chat has ended",
        ExitCode.FAILED: "there is no such chat, the server failed, or the command crashed",
        ExitCode.USAGE: "the command line or a setting is invalid",
        ExitCode.UNREACHABLE: "no server, it does not let you in, or the connection was lost for good",
        ExitCode.INTERRUPTED: "interrupted with Ctrl+C, the usual way to exit",
    },
)


def tail(
    chat: ChatOption,
    user: ReaderOption = None,
    lines: Annotated[
        int,
        typer.Option(
            "--lines", "-n", min=0, metavar="COUNT", help="How many of the last messages to show first."
        ),
    ] = 10,
    since: Annotated[
        int | None,
        typer.Option(min=0, metavar="SEQ", help="First show all messages after this one instead."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Keep following the chat, or exit.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print every event as a line of JSON.")] = False,
    url: UrlOption = None,
    reconnect: ReconnectOption = 60.0,
) -> None:
    """Show a chat and what is said in it.

    Each message is a line on standard output. What is being spoken right now is shown on standard error, if
    that is a terminal. Exits when the chat ends, or with Ctrl+C.
    """
    from voicechat_tui.talk.tail import TailOptions
    from voicechat_tui.talk.tail import tail as run

    choose_language(json=json)
    options = TailOptions(
        chat_id=chat,
        user=user,
        server=address(url),
        json=json,
        lines=lines,
        since=since,
        follow=follow,
        reconnect_s=reconnect,
    )
    raise typer.Exit(run(options))
