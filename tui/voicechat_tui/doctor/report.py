"""The findings, for people and for programs."""

import json
from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from voicechat_common import __version__
from voicechat_common.printable import escaped, printable
from voicechat_tui.doctor.finding import Finding, Verdict, is_well
from voicechat_tui.language import _

_STYLES = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.PROBLEM: "bold red"}


def table(findings: Sequence[Finding]) -> RenderableType:
    """Return the report as a table."""
    shown = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    shown.add_column(_("What"), no_wrap=True)
    shown.add_column(_("Verdict"), no_wrap=True)
    shown.add_column(_("Result, and what to do"), overflow="fold")
    for finding in findings:
        text = Text(printable(finding.message))
        if finding.next_step:
            style = "bold" if finding.verdict is Verdict.PROBLEM else "dim"
            text.append(f"\n-> {printable(finding.next_step)}", style)
        shown.add_row(finding.title, Text(finding.verdict_name, _STYLES[finding.verdict]), text)
    return shown


def as_json(findings: Sequence[Finding]) -> str:
    """Return the report as one JSON object."""
    report = json.dumps(
        {
            "version": __version__,
            "ok": is_well(findings),
            "findings": [
                {
                    "check": finding.check,
                    "verdict": finding.verdict,
                    "message": finding.message,
                    "next_step": finding.next_step,
                }
                for finding in findings
            ],
        },
        ensure_ascii=False,
        indent=2,
    )
    return escaped(report)
