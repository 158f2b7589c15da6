"""All pages: a file in ``pages/`` that holds a ``PAGE`` is one. Nothing else names them."""

import importlib
import pkgutil
from collections.abc import Sequence

from . import pages
from .page import Page

ORDER = (
    *("overview", "operations", "my_work"),
    *("project", "annotators", "queue", "task", "rulings", "model", "versions"),
)
"""In the navigation; others come after these, by their names."""


def all_pages() -> Sequence[Page]:
    """Every page that there is, as the navigation orders them."""
    found = [
        importlib.import_module(f"{pages.__name__}.{one.name}").PAGE for one in pkgutil.iter_modules(pages.__path__)
    ]
    return sorted(found, key=lambda page: (ORDER.index(page.name) if page.name in ORDER else len(ORDER), page.name))
