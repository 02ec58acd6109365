"""Logs: readable lines on a terminal, one JSON object a line elsewhere; libraries' logs go the same way."""

import logging
import os
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

OWN_LOGGERS = ("voicechat_server", "voicechat_common")

_LONGEST_VALUE = 1000
_CONTROLS = {
    **{code: 0x2400 + code for code in range(0x20)},
    **dict.fromkeys(range(0x7F, 0xA0), 0xFFFD),
}
"""Pictures of what a terminal would obey."""


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send all logs of this process to one place in one form.

    What people say is never logged: at no level does a line carry recognised text.

    Args:
        level: The least severity of this project's lines. Libraries stay at warnings, or at `info` under
            `debug`: their debug lines show frames and rows, and so what people say.
        stream: Where the lines go; standard error unless given.
    """
    target = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if target.isatty()
        else structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(target)],
        )
    )
    severity = logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO if severity == logging.DEBUG else max(severity, logging.WARNING))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(severity)


def _render(target: TextIO) -> list[Processor]:
    if target.isatty():
        colors = not os.environ.get("NO_COLOR")
        # Tracebacks with the values of variables would show what was said.
        return [
            _harmless,
            structlog.dev.ConsoleRenderer(
                colors=colors, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
            ),
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _harmless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take what a terminal would obey out of values: strangers sent some of them."""
    return {key: _shown(value) if isinstance(value, str) else value for key, value in event.items()}


def _shown(value: str) -> str:
    kept = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
    return kept.translate(_CONTROLS)
