"""What the exit status of `voicechat-tui replay` says."""

from voicechat_tui.console.exit_codes import ExitCode

MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "everything was recognised, every expectation met",
    ExitCode.FAILED: "recognition, storing, writing or a script's expectation failed, "
    "or the command broke down",
    ExitCode.USAGE: "the command line, a setting or the script is wrong",
    ExitCode.BAD_AUDIO: "a file or standard input is no usable audio",
    ExitCode.UNREACHABLE: "no server, a full one, one that did not get ready, or none of voicechat",
    ExitCode.AUDIO_LOST: "the connection was lost, and audio with it",
    ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
}
