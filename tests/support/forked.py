"""Processes that are forks of one which has imported the server: they are up in no time."""

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from tests.support.waiting import WITHIN_S

ROOT = Path(__file__).parents[2]

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.support.chat_server"])


def run_script(name: str, *arguments: str, environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run a script in the root of the project to its end.

    Args:
        name: Its file, of which `__name__` will be `__main__`.
        arguments: What follows the name in a command line.
        environment: Variables beside those of the tests.
    """
    with TemporaryDirectory(prefix="vc-forked-") as directory:
        out, err = Path(directory, "out"), Path(directory, "err")
        command = [name, *arguments]
        process = processes.Process(target=_run, args=(command, {**os.environ, **environment}, out, err))
        process.start()
        process.join(WITHIN_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise AssertionError(f"{command} has not ended: {err.read_text(encoding='utf-8')}")
        return CompletedProcess(
            command, process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        )


def _run(command: list[str], environment: dict[str, str], out: Path, err: Path) -> None:
    for path, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")
