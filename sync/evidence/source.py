"""Where the answers come from: an export file with its labeling interface, or a project in the store."""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import terminal
from ..errors import ExportError, SettingsError
from ..settings import Settings

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from sqlalchemy import Connection

    from label_config.answers import Answer
    from label_config.model import Control, LabelConfig

    from ..labelstudio.export_file import AnsweredTask
    from ..store.projects import StoredProject
    from .predictions import Opinions


@dataclass(frozen=True, slots=True)
class Named:
    """What the command line names as its source; null stands for what was not named."""

    export: Path | None = None
    label_config: Path | None = None
    project: int | None = None

    def refuse(self, doing: str) -> None:
        """Raises SettingsError where it does not name one source; ``doing`` says what there is nothing to do with."""
        if self.export is not None and self.project is not None:
            raise SettingsError("an export file and --project are two sources: name one of them")
        if self.export is None and self.project is None:
            raise SettingsError(
                f"nothing to {doing}: name a JSON export and its --label-config, or a project of the store by --project"
            )
        if self.export is not None and self.label_config is None:
            raise SettingsError(
                f"{self.export}: --label-config is missing: save the labeling interface (Label Studio: Settings, "
                "Labeling Interface, Code) in a file and name it"
            )
        if self.project is not None and self.label_config is not None:
            raise SettingsError(
                "--label-config belongs to an export file: the store knows the interface of its projects"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An opened source: what it is called, its interface, and its tasks, which can be read once.

    ``stored`` and ``connection`` are of a project in the store, null for a file. ``tell`` shows what is at work.
    """

    name: str
    config: "LabelConfig"
    tasks: "Iterable[AnsweredTask]"
    stored: "StoredProject | None" = None
    connection: "Connection | None" = None
    tell: Callable[[str], None] = lambda _: None
    only: Collection[int] | None = None

    def known(self) -> "tuple[Mapping[str, Mapping[int, Answer]], Opinions]":
        """What the store knows for certain, and what the model there thinks; nothing of a file."""
        from .stored import known_of

        if self.stored is None or self.connection is None:
            return {}, {}
        return known_of(self.connection, self.stored.key, self.config, self.only)


@contextmanager
def opened(named: Named, settings: Settings | None, *, visible: bool) -> Iterator[Source]:
    """The source that is named; ``visible`` shows how much of a file is read.

    Raises ExportError and StoreError for one that cannot be read.
    """
    with _on_file(named, visible) if named.export is not None else _on_store(named, settings) as source:
        yield source


@contextmanager
def _on_file(named: Named, visible: bool) -> Iterator[Source]:
    from ..labelstudio.export_file import size_of, stream_export

    assert named.export is not None and named.label_config is not None
    config = interface_in(named.label_config)
    bar = terminal.bytes_bar(named.export.name, size_of(named.export), visible)
    with _much_is_kept(), bar as (advance, tell):
        yield Source(str(named.export), config, stream_export(named.export, advance), tell=tell)


@contextmanager
def _on_store(named: Named, settings: Settings | None) -> Iterator[Source]:
    from label_config.parse import parse

    from ..store.answered import answered_tasks
    from ..store.engine import open_existing
    from ..store.projects import source

    assert settings is not None and named.project is not None
    with open_existing(settings.store).read() as connection:
        found = source(connection, named.project)
        name = f"project {named.project}, {found.title}"
        yield Source(name, parse(found.label_config), answered_tasks(connection, found.key), found, connection)


@contextmanager
def _much_is_kept() -> Iterator[None]:
    """Millions of values come and stay: no time goes into looking through all of them for cycles again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def controls_of(config: "LabelConfig", names: Sequence[str]) -> "tuple[Control, ...]":
    """The controls that are asked for, in the interface's order; raises InterfaceError that lists those there are."""
    named = {config.control(name).name for name in names}
    return tuple(control for control in config.controls if not named or control.name in named)


def interface_in(place: Path) -> "LabelConfig":
    """The labeling interface in a file; raises ExportError, which names it, where there is none."""
    from label_config.errors import InterfaceError
    from label_config.parse import parse

    try:
        return parse(place.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ExportError(
            f"{place}: not UTF-8 at byte {error.start}: is it the XML of a labeling interface?"
        ) from error
    except InterfaceError as error:
        raise ExportError(f"{place}: {error}") from error
