"""The process of a local server: it exits when its parent does, however that happens.

Its standard input is a pipe to which nothing is ever written. Every system closes it when the parent ends,
be it by a return, a crash, a closed terminal or a kill.
"""

import os
import runpy
import signal
import sys
import threading
import time

LONGEST_END_S = 20.0
"""How long the server may take to let streams finish once its parent is gone."""

_STDIN = 0


def main() -> None:
    """Run `voicechat-server` with the arguments of this process."""
    threading.Thread(target=_end_with_parent, daemon=True, name="end with the parent").start()
    # Server and client don't import each other; this process joins them only by name.
    runpy.run_module("voicechat_server", run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(_STDIN, 1):
        pass
    signal.raise_signal(signal.SIGTERM)
    time.sleep(LONGEST_END_S)
    os._exit(1)


if __name__ == "__main__":
    sys.argv[0] = "voicechat-server"
    main()
