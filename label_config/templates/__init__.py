"""Ready-made labeling interfaces: the one place in this package that reads files, and only its own."""

from importlib.resources import files

NAMES = tuple(
    sorted(file.name.removesuffix(".xml") for file in files(__name__).iterdir() if file.name.endswith(".xml"))
)


def template(name: str) -> str:
    """The XML of a ready-made interface; raises KeyError that lists the names there are."""
    if name not in NAMES:
        raise KeyError(f"no labeling interface is named {name!r}; there are: {', '.join(NAMES)}")
    return files(__name__).joinpath(f"{name}.xml").read_text(encoding="utf-8")
