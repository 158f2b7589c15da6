"""A user's own distance, by ``module:function``."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from ..errors import SettingsError
from ..quality.evidence import OwnDistance


def load_distance(place: str) -> OwnDistance:
    """The function at ``module:function``, looked for in this folder first, then where Python looks.

    It takes two answers (see ``label_config.answers``) and gives how far they are apart, in [0, 1]. Raises
    SettingsError where there is none.
    """
    module, _, name = place.partition(":")
    if not module or not name.isidentifier():
        raise SettingsError(f"distance {place!r}: a function is named module:function")
    with _this_folder_first():
        try:
            found = getattr(importlib.import_module(module), name, None)
        except Exception as error:
            raise SettingsError(f"distance {place!r}: {module} cannot be read: {_said(error)}") from error
    if not callable(found):
        raise SettingsError(f"distance {place!r}: {module} has no function {name!r}")

    return cast(OwnDistance, found)


@contextmanager
def _this_folder_first() -> Iterator[None]:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
