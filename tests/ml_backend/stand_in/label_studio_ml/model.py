"""The base class as a class sees it: set up when made, values kept in a table in MODEL_DIR."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


class LabelStudioMLBase:
    def __init__(self, project_id: str, label_config: str) -> None:
        self.project_id, self.label_config = project_id, label_config
        if not self.model_version:
            self.set("model_version", "0.0.1")
        self.setup()

    def setup(self) -> None:
        pass

    def get(self, key: str) -> str | None:
        with closing(_table()) as table:
            asked = "SELECT value FROM cache WHERE project_id = ? AND key = ?"
            row = table.execute(asked, (self.project_id, key)).fetchone()
        return row and str(row[0])

    def set(self, key: str, value: str) -> None:
        with closing(_table()) as table, table:
            table.execute("REPLACE INTO cache VALUES (?, ?, ?)", (self.project_id, key, value))

    @property
    def model_version(self) -> str | None:
        return self.get("model_version")

    def predict(self, tasks: list[dict[str, Any]], context: Any = None) -> Any:
        raise NotImplementedError

    def fit(self, event: str, data: dict[str, Any]) -> Any:
        pass


def _table() -> sqlite3.Connection:
    table = sqlite3.connect(Path(os.environ["MODEL_DIR"]) / "cache.db")
    table.execute(
        "CREATE TABLE IF NOT EXISTS cache (project_id TEXT, key TEXT, value TEXT, PRIMARY KEY (project_id, key))"
    )
    return table
