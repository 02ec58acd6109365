"""The task group of a connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from traceback import clear_frames


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Run a task group whose errors leave no reference cycles behind.

    Before Python 3.13, the frame that raises an exception group holds the group, which holds the frame.

    Raises:
        BaseExceptionGroup: What the tasks raised.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        clear_frames(errors.__traceback__)
        raise
