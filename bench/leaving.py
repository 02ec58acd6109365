"""Quit the app at random moments, in every possible way, while others speak and write in its chat.

    python -m bench.leaving                 200 moments
    python -m bench.leaving --count 20 --seed 7

Nothing may be left on the terminal, the exit status must be right, and the log must have no traceback. The
exit status is 1 if any of this fails.
"""

import argparse
import io
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.leaving import leave_at, load, moments
from tests.support.null_sink import null_sink
from tests.support.server import demo_settings, serving
from voicechat_server.logs.setup import configure_logging

CHAT = "leaving"


def main() -> int:
    """Quit, and print the results; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="moments")
    parser.add_argument("--seed", type=int, default=1, help="of their choice")
    parser.add_argument("--at-once", type=int, default=3, help="apps that run at the same time")
    options = parser.parse_args()
    ways: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    wrong = 0
    configure_logging("error", io.StringIO())
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(serving(demo_settings(database=str(directory / "chats.db"))))
        sink = stack.enter_context(null_sink())
        stack.enter_context(load(server.address, CHAT))
        pool = stack.enter_context(ThreadPoolExecutor(options.at_once))
        leave = partial(leave_at, address=server.address, chat_id=CHAT, environment=sink.environment)
        for left in pool.map(leave, moments(options.count, options.seed)):
            ways[left.moment.way] += 1
            statuses[left.status] += 1
            if problems := left.judge():
                wrong += 1
                print(left.moment, *problems, sep="\n  ", file=sys.stderr, flush=True)
    print(f"{options.count} moments, {wrong} not as they should be")
    print("ways:", ", ".join(f"{way} {count}" for way, count in ways.most_common()))
    print("exit statuses:", ", ".join(f"{status} {count}" for status, count in statuses.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
