"""Write the tables of docs/performance.md from the figures in docs/performance.json.

python -m bench.document
"""

from pathlib import Path

from bench.figures import Figures
from bench.table import tables

DOCS = Path(__file__).resolve().parent.parent / "docs"
DOCUMENT = DOCS / "performance.md"
FIGURES = DOCS / "performance.json"

_BEGIN = "<!-- figures: begin -->\n"
_END = "<!-- figures: end -->\n"


def with_tables(document: str, figures: Figures) -> str:
    """Return a document with the tables of these figures in their place."""
    before, _, rest = document.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{tables(figures)}\n\n{_END}{after}"


def main() -> None:
    """Write the tables."""
    figures = Figures.model_validate_json(FIGURES.read_text(encoding="utf-8"))
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8"), figures), encoding="utf-8")


if __name__ == "__main__":
    main()
