"""What the exit status of `voicechat-tui say` and `tail` says."""

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.console import exit_codes
from voicechat_tui.console.exit_codes import ExitCode

SAY_MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "everything is stored",
    ExitCode.FAILED: "a text was refused, as by a chat that has ended, or the command broke down",
    ExitCode.USAGE: "the command line or a setting is wrong",
    ExitCode.UNREACHABLE: "no server, or the connection was lost; what is not stored is told",
    ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
}
TAIL_MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "everything was shown, or the chat has ended",
    ExitCode.FAILED: "there is no such chat, the server failed, or the command broke down",
    ExitCode.USAGE: "the command line or a setting is wrong",
    ExitCode.UNREACHABLE: "no server, or the connection was lost for good",
    ExitCode.INTERRUPTED: "interrupted with Ctrl+C, the usual end",
}


def exit_code_of(error: VoicechatError) -> ExitCode:
    """Return the exit status that tells of an error."""
    return ExitCode.UNREACHABLE if error.code is ErrorCode.CONNECTION_LOST else exit_codes.exit_code_of(error)
