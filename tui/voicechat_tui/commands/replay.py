"""`voicechat-tui replay`: its options and its help."""

from pathlib import Path
from typing import Annotated

import typer

from voicechat_common.protocol.speech import ID_MAX_LENGTH, ChunkSize
from voicechat_tui.commands.help import Epilog
from voicechat_tui.commands.server import UrlOption, address, choose_language, configured
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.language import _
from voicechat_tui.replay.options import JournalAction, ReplayOptions, parse_chunk_size, parse_speed

EPILOG = Epilog(
    {
        "voicechat-tui replay meeting.mp3": "text as it is spoken",
        "voicechat-tui replay --speed max --srt film.srt film.wav": "subtitles, as fast as the server can",
        "voicechat-tui replay --json *.flac > events.jsonl": "for programs",
        "arecord -f S16_LE -r 16000 | voicechat-tui replay -": "from the microphone",
        "voicechat-tui replay --script scene.toml": "several speakers, with texts to expect",
        "voicechat-tui replay --journal": "what the app kept of lost talks",
    },
    {
        ExitCode.OK: "everything was recognised, every expectation met",
        ExitCode.FAILED: "recognition, storing, writing or a script's expectation failed, or the "
        "command crashed",
        ExitCode.USAGE: "the command line, a setting or the script is invalid",
        ExitCode.BAD_AUDIO: "a file or standard input is not usable audio",
        ExitCode.UNREACHABLE: "no server, a full one, one that is not ready or refuses you, or not a "
        "voicechat server",
        ExitCode.AUDIO_LOST: "the connection was lost, and audio with it",
        ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
    },
)

_JOURNAL = "Journal"
_STREAM = "Stream"
_OUTPUT = "Output"
_SERVER = "Server"


def _speed(text: str) -> float:
    try:
        return parse_speed(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _chunk_size(text: str | None) -> ChunkSize | None:
    try:
        return None if text is None else parse_chunk_size(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--chunk-size'") from error


def _identifier(text: str | None) -> str | None:
    if text is not None and not 0 < len(text) <= ID_MAX_LENGTH:
        raise typer.BadParameter(_("it must have 1 to {most} characters", most=ID_MAX_LENGTH))
    return text


def _journal_action(journal: bool, list_entries: bool, forget: bool) -> JournalAction | None:
    if list_entries and forget:
        raise typer.BadParameter(_("it can't be used with --list"), param_hint="'--forget'")
    if not journal:
        if list_entries or forget:
            raise typer.BadParameter(_("it needs --journal"), param_hint="'--list' and '--forget'")
        return None
    if list_entries:
        return JournalAction.LIST
    return JournalAction.FORGET if forget else JournalAction.SEND


def replay(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Audio files of any rate and channels (WAV, FLAC, OGG, MP3); [bold]-[/bold] is raw 16-bit "
            "mono PCM, or WAV, from standard input. With --journal, names of its entries.",
            show_default=False,
        ),
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(help="Play a scenario instead; docs/replay.md describes it.", metavar="SCENARIO.toml"),
    ] = None,
    journal: Annotated[
        bool,
        typer.Option(
            "--journal",
            help="Send what is left of talks in the app's journal: all of them, or those named.",
            rich_help_panel=_JOURNAL,
        ),
    ] = False,
    list_entries: Annotated[
        bool,
        typer.Option("--list", help="Only show what is left in the journal.", rich_help_panel=_JOURNAL),
    ] = False,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="Delete it from the journal without sending it.", rich_help_panel=_JOURNAL
        ),
    ] = False,
    speed: Annotated[
        float | None,
        typer.Option(
            parser=_speed,
            metavar="FACTOR|max",
            help="How many times faster than real time, or [bold]max[/bold]. Files are sent at 1, "
            "standard input as it arrives.",
            rich_help_panel=_STREAM,
        ),
    ] = None,
    chunk_size: Annotated[
        str | None,
        typer.Option(
            metavar="LEFT,STEP,AHEAD",
            help="Frames of 60 ms per recognition step, such as 0,10,5; "
            "the server's own setting if left out.",
            rich_help_panel=_STREAM,
        ),
    ] = None,
    endpointing: Annotated[
        bool,
        typer.Option(
            "--endpointing/--no-endpointing",
            help="Let the server end segments at pauses; otherwise everything is one segment.",
            rich_help_panel=_STREAM,
        ),
    ] = True,
    packet_ms: Annotated[
        int,
        typer.Option(min=1, max=10_000, metavar="MS", help="The longest packet.", rich_help_panel=_STREAM),
    ] = 100,
    rate: Annotated[
        int,
        typer.Option(
            min=1_000,
            max=384_000,
            metavar="HZ",
            help="Samples per second of standard input.",
            rich_help_panel=_STREAM,
        ),
    ] = 16_000,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print every event as a line of JSON.", rich_help_panel=_OUTPUT),
    ] = False,
    srt: Annotated[
        Path | None,
        typer.Option(help="Write subtitles for one file.", metavar="FILE", rich_help_panel=_OUTPUT),
    ] = None,
    url: UrlOption = None,
    wait_ready: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar="SECONDS",
            help="How long to wait for a server that is still loading its model.",
            rich_help_panel=_SERVER,
        ),
    ] = 60.0,
    reconnect: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar="SECONDS",
            help="How long to try to resume a lost stream.",
            rich_help_panel=_SERVER,
        ),
    ] = 60.0,
    user: Annotated[
        str | None,
        typer.Option(callback=_identifier, metavar="NAME", help="Who is speaking.", rich_help_panel=_SERVER),
    ] = None,
    chat: Annotated[
        str | None,
        typer.Option(
            callback=_identifier,
            metavar="ID",
            help="The chat that the speech goes to.",
            rich_help_panel=_SERVER,
        ),
    ] = None,
) -> None:
    """Stream recordings to a server and print what it recognises.

    Each finished segment is a line on standard output; with several files, the line begins with the file's
    name. Standard error shows what is being said right now, if it is a terminal, and a receipt at the end.
    Ctrl+C stops and still prints what was said; Ctrl+C again quits.
    """
    from voicechat_tui.replay.command import replay as run

    choose_language(json=json)
    options = ReplayOptions(
        inputs=tuple(files or ()),
        script=script,
        journal=_journal_action(journal, list_entries, forget),
        own_servers=url is None,
        url=configured() if journal and url is None else address(url),
        speed=speed,
        json=json,
        srt=srt,
        chunk_size=_chunk_size(chunk_size),
        endpointing=endpointing,
        user=user,
        chat_id=chat,
        packet_ms=packet_ms,
        rate=rate,
        wait_ready_s=wait_ready,
        reconnect_s=reconnect,
    )
    raise typer.Exit(run(options))
