"""The figures in the documentation are those of the run whose JSON file lies beside it."""

from bench.document import DOCUMENT, FIGURES, with_tables
from bench.figures import Figures


def test_the_tables_are_those_of_the_figures() -> None:
    figures = Figures.model_validate_json(FIGURES.read_text(encoding="utf-8"))
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == with_tables(document, figures), "run python -m bench.document"


def test_the_figures_are_of_a_whole_run() -> None:
    figures = Figures.model_validate_json(FIGURES.read_text(encoding="utf-8"))
    assert not figures.quick
    assert figures.model == "real-size"
    assert figures.left_out == {}


def test_int8_recognises_as_well_as_fp32() -> None:
    figures = Figures.model_validate_json(FIGURES.read_text(encoding="utf-8"))
    rates = {each.precision: each.error_rate for each in figures.accuracy}
    assert rates["int8"] <= rates["fp32"] + 0.001
