"""A database whose tables are up to date while it is in use."""

from typing import Self

from voicechat_server.chat.storage.database import open_database
from voicechat_server.chat.storage.migrate import migrate


class MigratedDatabase:
    """A database open for reading and for writing, migrated on entry. An async context manager.

    Args:
        location: A file, or the URL of a database.

    Raises:
        VoicechatError: `bad_setting`, `missing_dependency` or `storage`: the database can't be used.
    """

    def __init__(self, location: str) -> None:
        self._writing = open_database(location, writing=True)
        self._reading = open_database(location, writing=False)

    async def __aenter__(self) -> Self:
        try:
            await self._writing.run(migrate)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._close()

    async def _close(self) -> None:
        await self._reading.close()
        await self._writing.close()
