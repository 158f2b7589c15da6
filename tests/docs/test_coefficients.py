"""docs/coefficients.md has every coefficient once, and nothing else; its examples run."""

import doctest
import re

from sync.quality.agreement import COEFFICIENTS

from ..conftest import ROOT
from .pages import page


def test_every_coefficient_has_a_row_and_every_row_is_a_coefficient() -> None:
    named = re.findall(r"^\| `(\w+)` \|", page("docs/coefficients.md"), re.MULTILINE)
    assert sorted(named) == sorted(COEFFICIENTS)


def test_every_row_says_what_why_and_where_from() -> None:
    rows = re.findall(r"^\| `\w+` \|.*$", page("docs/coefficients.md"), re.MULTILINE)
    assert [row for row in rows if row.count(" | ") != 4] == []


def test_the_examples_run() -> None:
    result = doctest.testfile(str(ROOT / "docs/coefficients.md"), module_relative=False)
    assert result.attempted > 5
    assert result.failed == 0
