"""The exit statuses of the commands, for scripts."""

from enum import IntEnum

from voicechat_common.errors import ErrorCode, VoicechatError


class ExitCode(IntEnum):
    """The exit statuses; each command's help says what they mean there."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BAD_AUDIO = 3
    UNREACHABLE = 4
    AUDIO_LOST = 5
    INTERRUPTED = 130


_OF_ERROR: dict[ErrorCode, ExitCode] = {
    ErrorCode.BAD_SETTING: ExitCode.USAGE,
    ErrorCode.BAD_SCRIPT: ExitCode.USAGE,
    ErrorCode.BAD_FIELD: ExitCode.USAGE,
    ErrorCode.NAME_TAKEN: ExitCode.USAGE,
    ErrorCode.WRONG_NAME: ExitCode.USAGE,
    ErrorCode.BAD_AUDIO_FILE: ExitCode.BAD_AUDIO,
    ErrorCode.NOT_PCM: ExitCode.BAD_AUDIO,
    ErrorCode.SERVER_UNREACHABLE: ExitCode.UNREACHABLE,
    ErrorCode.NO_ACCESS: ExitCode.UNREACHABLE,
    ErrorCode.UNAUTHORIZED: ExitCode.UNREACHABLE,
    ErrorCode.FORBIDDEN: ExitCode.UNREACHABLE,
    ErrorCode.BAD_INVITATION: ExitCode.UNREACHABLE,
    ErrorCode.PROTOCOL_MISMATCH: ExitCode.UNREACHABLE,
    ErrorCode.NOT_READY: ExitCode.UNREACHABLE,
    ErrorCode.BUSY: ExitCode.UNREACHABLE,
    ErrorCode.SHUTTING_DOWN: ExitCode.UNREACHABLE,
    ErrorCode.MISSING_DEPENDENCY: ExitCode.UNREACHABLE,
    ErrorCode.CONNECTION_LOST: ExitCode.AUDIO_LOST,
}


def exit_code_of(error: VoicechatError) -> ExitCode:
    """Return the exit status for an error."""
    return _OF_ERROR.get(error.code, ExitCode.FAILED)
