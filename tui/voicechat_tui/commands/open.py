"""`voicechat-tui` without a subcommand: the app."""

import gc

EPILOG = "\n".join(
    [
        "[bold]Examples[/bold]",
        "  [dim]# the chats on the server of the settings[/dim]\n  voicechat-tui",
        "  [dim]# without any server: one is started on this machine[/dim]\n  voicechat-tui --local",
        "  [dim]# straight into a chat[/dim]\n  voicechat-tui --url voice.example:8000 --chat monday",
    ]
)


def open_app(url: str | None, user: str | None, chat: str | None, *, local: bool) -> None:
    """Run the app until the person leaves it.

    Args:
        url: The server, instead of the one in the settings.
        user: Who, instead of who the settings name.
        chat: The chat to open at once.
        local: Whether to start a server on this machine and use it.

    Raises:
        VoicechatError: `bad_setting` if something here can't be used, or there is no terminal.
    """
    # What is imported now stays for good; looking through it for garbage takes a quarter of the time.
    gc.disable()
    from voicechat_tui.ui.run import run

    run(url=url, user=user, chat=chat, local=local)
