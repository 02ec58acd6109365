"""A PostgreSQL server of the tests' own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import make_url

from tests.support.programs import require
from tests.support.server import free_port
from tests.support.waiting import until

ACCOUNT = "postgres"
"""Who runs it, for it refuses to be run by root; the Debian package makes this account."""


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server while the context lasts; yields the URL of its database, without a password."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, newest)])
    require("initdb", "postgres", package="postgresql")
    account = ACCOUNT if os.geteuid() == 0 else None
    port = free_port()
    with TemporaryDirectory(prefix="voicechat-postgres-") as directory:
        if account is not None:
            shutil.chown(directory, account)
        data = f"{directory}/data"
        initdb = ["initdb", "-D", data, "-A", "trust", "-U", ACCOUNT, "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(initdb, user=account, cwd=directory, check=True, capture_output=True)
        command = ["postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", directory]
        with (
            Path(directory, "log").open("wb") as log,
            subprocess.Popen(command, user=account, cwd=directory, stdout=log, stderr=log) as server,
        ):
            try:
                _wait_until_up(directory, port, server)
                yield f"postgresql://{ACCOUNT}@127.0.0.1:{port}/{ACCOUNT}"
            finally:
                server.terminate()
                server.wait()


def new_database(url: str) -> str:
    """Make a database on a server; return its URL."""
    name = f"chats_{uuid4().hex}"
    server = make_url(url)
    subprocess.run(
        ["createdb", "-h", str(server.host), "-p", str(server.port), "-U", ACCOUNT, name],
        check=True,
        capture_output=True,
    )
    return server.set(database=name).render_as_string()


def _wait_until_up(directory: str, port: int, server: "subprocess.Popen[bytes]") -> None:
    def log() -> str:
        return Path(directory, "log").read_text(encoding="utf-8")

    def is_up() -> bool:
        assert server.poll() is None, log()
        done = subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False)
        return done.returncode == 0

    until(is_up, log)
