"""What the exit status of `voicechat-tui replay` says."""

from enum import IntEnum

from voicechat_common.errors import ErrorCode, VoicechatError


class ExitCode(IntEnum):
    """The exit statuses, for scripts."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BAD_AUDIO = 3
    UNREACHABLE = 4
    AUDIO_LOST = 5
    INTERRUPTED = 130


MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "everything was recognised, every expectation met",
    ExitCode.FAILED: "recognition failed, or an expectation of a script was not met",
    ExitCode.USAGE: "the command line, a setting or the script is wrong",
    ExitCode.BAD_AUDIO: "a file or standard input is no usable audio",
    ExitCode.UNREACHABLE: "no server, a full one, one that did not get ready, or none of voicechat",
    ExitCode.AUDIO_LOST: "the connection was lost, and audio with it",
    ExitCode.INTERRUPTED: "interrupted with Ctrl+C",
}

_OF_ERROR: dict[ErrorCode, ExitCode] = {
    ErrorCode.BAD_SETTING: ExitCode.USAGE,
    ErrorCode.BAD_SCRIPT: ExitCode.USAGE,
    ErrorCode.BAD_FIELD: ExitCode.USAGE,
    ErrorCode.BAD_AUDIO_FILE: ExitCode.BAD_AUDIO,
    ErrorCode.SERVER_UNREACHABLE: ExitCode.UNREACHABLE,
    ErrorCode.PROTOCOL_MISMATCH: ExitCode.UNREACHABLE,
    ErrorCode.NOT_READY: ExitCode.UNREACHABLE,
    ErrorCode.BUSY: ExitCode.UNREACHABLE,
    ErrorCode.SHUTTING_DOWN: ExitCode.UNREACHABLE,
    ErrorCode.MISSING_DEPENDENCY: ExitCode.UNREACHABLE,
    ErrorCode.CONNECTION_LOST: ExitCode.AUDIO_LOST,
}


def exit_code_of(error: VoicechatError) -> ExitCode:
    """Return the exit status that tells of an error."""
    return _OF_ERROR.get(error.code, ExitCode.FAILED)
