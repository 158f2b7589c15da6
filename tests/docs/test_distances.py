"""docs/distances.md has every distance of every family, the default first; its examples run."""

import doctest
import re
from collections.abc import Mapping

import pytest

from label_config.model import Family
from sync.quality.distance import DISTANCES

from ..conftest import ROOT
from .pages import page

SECTIONS: Mapping[Family, str] = {
    Family.CHOICES: "Choices",
    Family.TAXONOMY: "Taxonomy",
    Family.RATING: "Rating",
    Family.NUMBER: "Number",
    Family.MOMENT: "DateTime",
    Family.TEXT: "TextArea",
    Family.RANKING: "Ranker",
    Family.REGIONS: "Regions",
    Family.RELATIONS: "Relations",
    Family.CHAT: "ChatMessage",
}


@pytest.mark.parametrize("family", Family)
def test_the_table_of_a_family_has_its_distances_in_their_order(family: Family) -> None:
    section = page("docs/distances.md").partition(f"\n## {SECTIONS[family]}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == list(DISTANCES[family])


def test_the_examples_run() -> None:
    result = doctest.testfile(str(ROOT / "docs/distances.md"), module_relative=False)
    assert result.attempted > 5
    assert result.failed == 0
