"""`voicechat-tui` without a subcommand: the app."""

import gc

from voicechat_tui.commands.help import Epilog
from voicechat_tui.console.exit_codes import ExitCode

EPILOG = Epilog(
    {
        "voicechat-tui": "the chats on the server of the settings",
        "voicechat-tui --local": "without any server: one is started on this machine",
        "voicechat-tui --url voice.example:8000 --chat monday": "straight into a chat",
    },
    {
        ExitCode.OK: "the app was closed, including with SIGTERM or by closing its terminal",
        ExitCode.FAILED: "the app crashed; its log says why",
        ExitCode.USAGE: "the command line or a setting is invalid, or there is no terminal",
        ExitCode.AUDIO_LOST: "some speech did not reach the server before the app was closed",
    },
)


def open_app(url: str | None, user: str | None, chat: str | None, *, local: bool) -> None:
    """Run the app until the user quits.

    Args:
        url: The server, instead of the one in the settings.
        user: The user's name, instead of the one in the settings.
        chat: The chat to open right away.
        local: Whether to start a server on this machine and use it.

    Raises:
        VoicechatError: `bad_setting` if something here can't be used, or there is no terminal;
            `connection_lost` if speech was not delivered before the user quit.
    """
    # What is imported now stays for good; scanning it for garbage takes a quarter of the time.
    gc.disable()
    from voicechat_tui.ui.run import run

    run(url=url, user=user, chat=chat, local=local)
