"""The baseline for the chat: the simplest broadcast loop that the `websockets` library allows.

It stores nothing, checks nothing, numbers nothing, and limits nobody.
"""

import argparse
import asyncio

from websockets.asyncio.server import ServerConnection, broadcast, serve


async def run(port: int) -> None:
    """Send every message to everybody, forever."""
    everybody: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        everybody.add(connection)
        try:
            async for message in connection:
                broadcast(everybody, message)
        finally:
            everybody.discard(connection)

    # Without compression, like the chat; otherwise this loop would compress each message many times.
    async with serve(handle, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(run(parser.parse_args().port))
