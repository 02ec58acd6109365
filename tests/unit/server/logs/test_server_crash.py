"""A crash of the server is one line of its log with all of it, one sentence, and exit status 1."""

import json
import subprocess
import sys

PROGRAM = """
from voicechat_server import cli
from voicechat_server.commands import serve

def fail(*arguments):
    raise ZeroDivisionError("inside")

serve.run = fail
cli.main(["serve", "--model", "demo"])
"""


def test_a_crash_is_logged_whole_and_told_in_a_sentence() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    logged, sentence = done.stderr.splitlines()
    assert "ZeroDivisionError: inside" in json.loads(logged)["exception"]
    assert sentence.startswith("Error: voicechat-server crashed")


THREADS = """
import sys, threading
from voicechat_server.logs.setup import configure_logging
from voicechat_server.logs.crashes import log_crashes

class Unraisable:
    def __del__(self):
        raise LookupError("in vain")

configure_logging("info")
log_crashes()
thread = threading.Thread(target=lambda: 1 / 0, name="worker-1")
thread.start()
thread.join()
Unraisable()
thread = threading.Thread(target=sys.exit)
thread.start()
thread.join()
"""


def test_a_crash_of_a_thread_is_logged_whole_and_so_is_what_python_cannot_raise() -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS], capture_output=True, text=True, encoding="utf-8", check=True
    )
    thread, unraisable = map(json.loads, done.stderr.splitlines())
    assert (thread["event"], thread["thread"], thread["level"]) == (
        "a thread crashed",
        "worker-1",
        "critical",
    )
    assert "ZeroDivisionError: division by zero" in thread["exception"]
    assert "LookupError: in vain" in unraisable["exception"]
    assert "Unraisable.__del__" in unraisable["object"]
