"""Draws every page in light and dark at three widths: ``python -m tests.dashboard.screenshots FOLDER``."""

import re
import sys
import tempfile
from pathlib import Path

from .looking import SCHEMES, WIDTHS, chromium, paths, picture, served
from .stage import Stage, application, crowd, stage, texts

NAMES = ("Amara Okafor", "Jonas Weber", "Sofia Rossi", "Mei Tanaka", "Luca Moretti", "Priya Nair")


def example(folder: Path) -> Stage:
    """A project as it looks in the middle of its work: six people, a model, reviews and rulings."""
    people = dict(enumerate(NAMES, 1))
    skill = dict(zip(people, (0.95, 0.92, 0.6, 0.88, 0.9, 0.85), strict=True))
    one = stage(folder).people(people).create(texts(260), overlap=3).answer(crowd(200, skill))
    one.assess().score().assess().push()
    said = (
        {"label": "neutral", "reviewer": 1, "cause": "guideline gap", "rationale": "Praise and complaint in one."},
        {"label": "negative", "reviewer": 2, "cause": "slip", "rationale": "The lift is what the guest came for."},
    )
    return one.rule(said).assess().summarise().beat()


def main(folder: Path) -> None:
    """All pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as kept:
        one = example(Path(kept))
        with served(application(one)) as address, chromium() as browser:
            for path in paths():
                name = re.sub(r"\W+", "-", path.strip("/")) or "overview"
                for width in WIDTHS:
                    for scheme in SCHEMES:
                        picture(browser, address + path, folder / f"{name}-{width}-{scheme}.png", width, scheme)
        one.store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
