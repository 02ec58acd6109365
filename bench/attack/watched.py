"""A server that can be asked from outside what it holds in memory.

    python -m bench.attack.watched [--descriptors N] [--no-collector] OPTIONS

It is the normal server, with its options. In addition, a thread answers each line on standard input with a
line of JSON: `counts` with how many tasks there are, `objects` with how many objects of each class.
"""

import argparse
import asyncio
import gc
import json
import resource
import socket
import sys
import threading
from collections import Counter

from voicechat_server import cli
from voicechat_server.api.server import Server

_loops: list[asyncio.AbstractEventLoop] = []


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--descriptors", type=int, help="open files the process may have")
    parser.add_argument("--no-collector", action="store_true", help="leave reference cycles where they are")
    options, others = parser.parse_known_args()
    if options.descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (options.descriptors, options.descriptors))
    if options.no_collector:
        gc.disable()
    _remember_loop()
    threading.Thread(target=_answer, name="questions", daemon=True).start()
    cli.main(["serve", *others])


def _remember_loop() -> None:
    """Let the server report which loop it runs on."""
    startup = Server.startup

    async def remembering(server: Server, sockets: list[socket.socket] | None = None) -> None:
        _loops.append(asyncio.get_running_loop())
        await startup(server, sockets)

    Server.startup = remembering  # type: ignore[method-assign, assignment]


def _answer() -> None:
    for line in sys.stdin:
        answer = _objects() if line.strip() == "objects" else {"tasks": _tasks()}
        print(json.dumps(answer), flush=True)


def _tasks() -> int:
    return len(asyncio.run_coroutine_threadsafe(_count(), _loops[0]).result()) - 1


async def _count() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks()


def _objects() -> dict[str, int]:
    counts = Counter(map(type, gc.get_objects()))
    # Two classes may have the same name.
    named: Counter[str] = Counter()
    for kind, count in counts.items():
        named[f"{kind.__module__}.{kind.__qualname__}"] += count
    return named


if __name__ == "__main__":
    main()
