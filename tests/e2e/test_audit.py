"""`make audit` where nobody can be asked."""

import subprocess
import sys
from pathlib import Path

from tests.support.hub import closed_port
from tools.audit import UNKNOWN

ROOT = Path(__file__).parents[2]


def test_an_audit_without_internet_says_so(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{closed_port()}"
    done = subprocess.run(
        [sys.executable, "-m", "tools.audit"],
        cwd=ROOT,
        env={"HTTPS_PROXY": away, "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == UNKNOWN
    assert "Nothing is known of vulnerabilities: the service of advisories can't be reached" in done.stderr
    assert "Traceback" not in done.stderr
