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
    assert sentence.startswith("Error: voicechat-server broke down")
