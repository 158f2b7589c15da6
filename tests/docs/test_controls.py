"""docs/controls.md has every control that is read and every one that is refused."""

import re

from label_config.parse import CONTROLS, REFUSED_CONTROLS

from .pages import page


def test_every_control_is_on_the_page() -> None:
    read, _, refused = page("docs/controls.md").partition("## What is refused")
    rows = [line.split("|")[1] for line in read.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`([A-Z]\w+)`", " ".join(rows))) == set(CONTROLS)
    assert set(re.findall(r"`([A-Z]\w+)`", refused)) == REFUSED_CONTROLS
