"""`make audit`: known vulnerabilities in what `constraints.txt` pins, from PyPI's advisories.

Exits with status 0 if there are none, 1 if there are any, and 2 if that could not be determined.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.constraints import FILE

CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2


def main() -> int:
    """Fetch advisories and print them; return the exit status."""
    with TemporaryDirectory() as directory:
        report = Path(directory, "report.json")
        # The file has every dependency, so that nothing needs to be resolved.
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off"]
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *options, "-f", "json", "-o", report, "-r", FILE],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        content = report.read_text(encoding="utf-8") if report.exists() else ""
    if not content:
        print(*done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return unknown("the service of advisories can't be reached, or did not answer")
    return judged(json.loads(content)["dependencies"])


def judged(packages: list[dict[str, Any]]) -> int:
    """Print what a report says about each package; return the exit status."""
    skipped = [package for package in packages if "skip_reason" in package]
    found = [(package, each) for package in packages for each in package.get("vulns", ())]
    for package, each in found:
        fixed = ", ".join(each["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}")
    if found:
        print(f"{len(found)} known vulnerabilities; raise the bounds in pyproject.toml, then renew the pins.")
        return VULNERABLE
    if skipped:
        for package in skipped[:3]:
            print(package["skip_reason"], file=sys.stderr)
        return unknown(f"{len(skipped)} of {len(packages)} packages could not be looked up")
    print(f"No known vulnerabilities in {len(packages)} packages.")
    return CLEAN


def unknown(reason: str) -> int:
    """Print that nothing is known, and why; return the exit status."""
    print(f"Nothing is known of vulnerabilities: {reason}. This needs internet.", file=sys.stderr)
    return UNKNOWN


if __name__ == "__main__":
    sys.exit(main())
