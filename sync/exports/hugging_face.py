"""A data set of Hugging Face's ``datasets`` on disk: a folder that ``datasets.load_from_disk`` opens."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from .exported import Exported, Format
from .tables import table_of

ARROW = "data-00000-of-00001.arrow"
AT_ONCE = 1000
"""Rows in one batch of the file, as the library writes it."""
_NAMES = {pa.string(): "string", pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}


def write(exported: Exported, place: Path) -> list[str]:
    """Fill the folder."""
    table = table_of(exported)
    with pa.OSFile(str(place / ARROW), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table, max_chunksize=AT_ONCE)
    features = {name: _feature(kind) for name, kind in zip(table.schema.names, table.schema.types, strict=True)}
    nothing = dict.fromkeys(("citation", "description", "homepage", "license"), "")
    _json(place / "dataset_info.json", {"features": features, **nothing})
    state: dict[str, Any] = {
        "_data_files": [{"filename": ARROW}],
        "_fingerprint": exported.content.hash[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    _json(place / "state.json", state)
    return []


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": _NAMES[kind], "_type": "Value"}


def _json(place: Path, found: object) -> None:
    place.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


FORMAT = Format(write, "every control", folder=True)
