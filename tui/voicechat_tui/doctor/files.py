"""Checks of the client's own files."""

from voicechat_common.errors import VoicechatError
from voicechat_tui.doctor.finding import Check, Finding, note, ok, problem
from voicechat_tui.journal.store import Journal
from voicechat_tui.language import _, plural
from voicechat_tui.logs.log_file import LogFile
from voicechat_tui.settings.loading import Loaded


def check_config(loaded: Loaded) -> Finding:
    """Check the settings."""
    if loaded.problem is not None:
        return problem(Check.CONFIG, loaded.problem)
    if not loaded.path.exists():
        return ok(Check.CONFIG, _("There is no {path}; the defaults apply.", path=loaded.path))
    return ok(Check.CONFIG, _("{path} is fine.", path=loaded.path))


def check_log(log: LogFile) -> Finding:
    """Check the log, which is open already."""
    if log.problem is not None:
        return note(Check.LOG, log.problem.message, log.problem.advice)
    return ok(Check.LOG, _("{path} is writable.", path=log.path))


def check_journal(journal: Journal, *, is_kept: bool) -> Finding:
    """Check whether something is left in the journal.

    Args:
        journal: The journal.
        is_kept: Whether the settings enable it.
    """
    try:
        count = len(journal.entries())
    except VoicechatError as error:
        return problem(Check.JOURNAL, error)
    if count:
        return note(
            Check.JOURNAL,
            plural(count, "{count} talk was not fully sent.", "{count} talks were not fully sent."),
            _("Send what is left with `voicechat-tui replay --journal`."),
        )
    if not is_kept:
        return ok(Check.JOURNAL, _("None is kept; journal = true in the settings keeps one."))
    return ok(Check.JOURNAL, _("Nothing is left to send."))
