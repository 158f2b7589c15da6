"""Parquet: one table, a row a label."""

from pathlib import Path

import pyarrow.parquet

from .exported import Exported, Format
from .tables import table_of


def write(exported: Exported, place: Path) -> list[str]:
    """Write the file; compression and layout are fixed."""
    pyarrow.parquet.write_table(table_of(exported), place, compression="zstd", version="2.6")
    return []


FORMAT = Format(write, "every control", suffixes=(".parquet",))
