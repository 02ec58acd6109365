"""The command `voicechat-tui`, and `python -m voicechat_tui`."""

from voicechat_tui import quick_import  # noqa: F401 - comes before what takes long to import


def main() -> None:
    """Run the command line."""
    from voicechat_tui.cli import main as run

    run()


if __name__ == "__main__":
    main()
