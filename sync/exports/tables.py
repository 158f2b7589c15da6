"""A version as one Arrow table, a row a label: what Parquet files and Hugging Face data sets hold."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from .exported import Exported, rows

TEXT = pa.string()
FIXED: Mapping[str, pa.DataType] = {
    "task": pa.int64(),
    "control": TEXT,
    "tag": TEXT,
    "answer": TEXT,
    "labels": pa.list_(TEXT),
    "number": pa.float64(),
    "answer_json": TEXT,
    "confidence": pa.float64(),
    "tie": pa.bool_(),
    "annotators": pa.int64(),
    "agreeing": pa.int64(),
    "annotator_ids": pa.list_(pa.int64()),
    "answered_at": TEXT,
    "source": TEXT,
    "method": TEXT,
    "decided_as": TEXT,
    "decided_by": pa.int64(),
    "decided_at": TEXT,
    "verdict": TEXT,
    "cause": TEXT,
    "project": pa.int64(),
    "version": pa.int64(),
    "as_of": TEXT,
    "content_hash": TEXT,
}
"""The columns that every table has; those of the task's data follow as ``data.<field>``."""
_TYPES: Mapping[type, pa.DataType] = {str: TEXT, bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
LARGEST = 2**63


def table_of(exported: Exported) -> pa.Table:
    """The table: columns of data have the one type that all of their values have, else they are JSON."""
    every = list(rows(exported))
    fixed = {name: [_cell(name, row[name]) for row, _ in every] for name in FIXED}
    data = [given for _, given in every]
    columns = [pa.array(values, FIXED[name]) for name, values in fixed.items()]
    names = list(fixed)
    for name in sorted({name for given in data for name in given}):
        columns.append(_column([given.get(name) for given in data]))
        names.append(f"data.{name}")
    return pa.table(dict(zip(map(_valid, names), columns, strict=True)))


def _cell(name: str, value: Any) -> Any:
    if name == "answer_json":
        return json.dumps(value)
    return _valid(value) if isinstance(value, str) else value


def _valid(text: str) -> str:
    """Halves of characters, which no file of UTF-8 can hold, become question marks."""
    return text.encode("utf-8", "replace").decode()


def _column(values: Sequence[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is str:
        return pa.array([None if value is None else _valid(value) for value in values], TEXT)
    if kind is not None and kind in _TYPES and all(value is None or abs(value) < LARGEST for value in values):
        return pa.array(values, _TYPES[kind])
    return pa.array([None if value is None else json.dumps(value, sort_keys=True) for value in values], TEXT)
