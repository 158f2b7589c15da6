"""Ready-made labeling interfaces: the one place in this package that reads files, and only its own.

Each file begins with a comment that says what it is for, and is made for quick verification: the question with the
suggestion comes first, every label has a key, one key takes what is suggested. ``<Style/>`` stands for ``STYLE``.
"""

from importlib.resources import files

from .style import STYLE

NAMES = tuple(
    sorted(file.name.removesuffix(".xml") for file in files(__name__).iterdir() if file.name.endswith(".xml"))
)


def template(name: str) -> str:
    """The XML of a ready-made interface; raises KeyError that lists the names there are."""
    if name not in NAMES:
        raise KeyError(f"no labeling interface is named {name!r}; there are: {', '.join(NAMES)}")
    text = files(__name__).joinpath(f"{name}.xml").read_text(encoding="utf-8")
    return text.replace("<Style/>", f"<Style>{STYLE}</Style>")


def purpose(name: str) -> str:
    """What a ready-made interface is for, in one line; raises KeyError as ``template`` does.

    >>> purpose("text-classification")
    'One label for a text: its mood, topic or intent.'
    """
    first, _, _ = template(name).partition("-->")
    return first.removeprefix("<!--").strip()
