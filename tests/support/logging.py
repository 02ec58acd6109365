"""Logging as it was before a test that sets it up."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from voicechat_server.logs.setup import OWN_LOGGERS


@contextmanager
def restored_logging() -> Iterator[None]:
    """Undo what is done to logging in the context."""
    loggers = [logging.getLogger(), *map(logging.getLogger, OWN_LOGGERS)]
    before = [(logger, logger.handlers, logger.level) for logger in loggers]
    configuration = structlog.get_config()
    try:
        yield
    finally:
        structlog.configure(**configuration)
        for logger, handlers, level in before:
            logger.handlers = handlers
            logger.setLevel(level)
