"""Empty stores, quickly: the schema is made once a process and copied, which is what a new file would hold."""

import tempfile
from functools import cache
from pathlib import Path

from sync.store.engine import Store, open_store


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite3"
        open_store(f"sqlite:///{file}").close()
        return file.read_bytes()


def put_store(file: Path) -> str:
    """The address of an empty store in this new file."""
    file.write_bytes(_migrated())
    return f"sqlite:///{file}"


def new_store(file: Path) -> Store:
    """An empty store in this new file, opened."""
    return open_store(put_store(file))
