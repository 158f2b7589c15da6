"""Model versions on disk: published in one step, never changed, rolled back by a pointer.

DIR/PROJECT/versions/tiebreak-3/model.json, arrays.safetensors     written as a draft, synced, renamed
DIR/PROJECT/versions/tiebreak-3/decision.json                       why it was published
DIR/PROJECT/current.json                                            the pointer: replaced in one step
DIR/PROJECT/.lock                                                   held while any of these changes
A kill at any point leaves the old version live or the new one. Nothing is unpickled: arrays and JSON only. Whoever
reads waits for nobody; whoever writes waits for the other writers, in whichever process they are.
"""

import dataclasses
import hashlib
import json
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from . import learners
from .errors import EncoderError, RegistryError, UnknownProject
from .files import alone, read_json, sync_folder, write_json
from .learners import Learned
from .notes import Notes
from .seldom import Seldom

log = logging.getLogger(__name__)

FORMAT = 2
FILES = ("model.json", "arrays.safetensors")
Stamps = tuple[tuple[int, int], ...]
NO_MODEL = "tiebreak-0"
MOST_LOADED = 64
"""Models that are kept in memory, as many as there are minds (learned.MOST), which hold theirs in any case."""
_PROJECT = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}")
_VERSION = re.compile(r"tiebreak-([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Model:
    """One immutable version: a model a control, how far in the feed it has learned, on how many labels.

    ``notes`` say by control what a person should know of it: why it was not learned, what taught nothing.
    """

    version: str
    label_config: str
    cursor: int
    trained_labels: int
    controls: tuple[Learned, ...]
    notes: Notes = field(default_factory=dict)

    def control(self, name: str) -> Learned | None:
        """The model of that control, null where there is none."""
        return next((one for one in self.controls if one.control == name), None)


def check_project(key: object) -> str:
    """A project key as Label Studio sends it, "<id>.<second of its creation>"; it may become a folder's name.

    Raises UnknownProject for anything else.

    >>> check_project("4.1795455965")
    '4.1795455965'
    """
    if not isinstance(key, str) or not _PROJECT.fullmatch(key):
        shown = json.dumps(key)[:60]
        raise UnknownProject(f"project: {shown} is no project key; expected ID.SECOND, such as 4.1795455965")
    return key


class Registry:
    """The versions of every project under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._loaded: dict[Path, Model] = {}
        self._examined: dict[str, tuple[Stamps, str | None]] = {}
        self._seldom = Seldom()
        self._lock = threading.Lock()

    def folder(self, project: str) -> Path:
        """A project's own folder; it need not exist."""
        return self.root / check_project(project)

    def projects(self) -> list[str]:
        """The keys of the projects that have a folder."""
        if not self.root.is_dir():
            return []
        return sorted(one.name for one in self.root.iterdir() if one.is_dir() and _PROJECT.fullmatch(one.name))

    def versions(self, project: str) -> list[str]:
        """Published versions, the oldest first."""
        place = self.folder(project) / "versions"
        found = [one.name for one in place.iterdir()] if place.is_dir() else []
        return sorted((name for name in found if _VERSION.fullmatch(name)), key=number)

    def pointer(self, project: str) -> str | None:
        """The version that is live, null before the first. Raises RegistryError for a broken pointer."""
        version: str | None = self._pointer(project)["version"]
        return version

    def pointed(self, project: str) -> str | None:
        """The same; null also for a broken pointer."""
        try:
            return self.pointer(project)
        except RegistryError:
            return None

    def publish(
        self,
        project: str,
        learned: Model,
        step: Callable[[str], None] = lambda _: None,
        *,
        decision: Mapping[str, Any] | None = None,
    ) -> Model:
        """Write the model under the next version and make it live; the model with its version.

        ``step`` is told the name of each step before it is taken. ``decision`` says why it is published and is kept
        with it. Raises RegistryError where the disk refuses.
        """
        folder = self.folder(project) / "versions"
        with self._writing(project):
            folder.mkdir(parents=True, exist_ok=True)
            model = dataclasses.replace(learned, version=f"tiebreak-{self._last(project) + 1}")
            draft = folder / f".{model.version}.{os.getpid()}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            step("draft")
            try:
                _write(draft, model, decision)
                step("rename")
                draft.rename(folder / model.version)
                sync_folder(folder)
            except OSError as error:
                raise RegistryError(f"{draft}: cannot be written: {error.strerror}") from error
            step("pointer")
            self._point(project, model.version)
            step("done")
            return model

    def decision(self, project: str, version: str) -> Mapping[str, Any] | None:
        """Why that version was published; null where nobody wrote it down. Raises RegistryError for a broken file."""
        found = read_json(self.folder(project) / "versions" / version / "decision.json")
        return found if isinstance(found, dict) else None

    def load(self, project: str, version: str) -> Model:
        """One version. Raises RegistryError, naming the file, for one that is missing, broken or foreign."""
        if not _VERSION.fullmatch(version):
            raise RegistryError(f"{version[:60]!r} is no version; expected tiebreak-N")
        place = self.folder(project) / "versions" / version
        with self._lock:
            known = self._loaded.get(place)
        if known is not None:
            return known
        if not place.is_dir():
            there = ", ".join(self.versions(project)) or "none"
            raise RegistryError(f"project {project}: {version} is not there (any more); there are: {there}")
        model = _read(place)
        with self._lock:
            self._loaded = {**dict(list(self._loaded.items())[1 - MOST_LOADED :]), place: model}
        return model

    def live(self, project: str) -> tuple[Model | None, str | None]:
        """The live model, and what is wrong with newer files: where the live one is broken, the one before it."""
        problem = None
        try:
            pointed = self.pointer(project)
        except RegistryError as error:
            problem, pointed = str(error), next(iter(reversed(self.versions(project))), None)
        candidates = [pointed, *(one for one in reversed(self.versions(project)) if _older(one, pointed))]
        for version in candidates:
            if version is None:
                continue
            try:
                return self.load(project, version), problem
            except RegistryError as error:
                problem = problem or str(error)
                if self._seldom.may(str(error)):
                    log.error("project %s: %s; an earlier version serves, if there is one", project, error)
        return None, problem

    def examine(self, project: str, until: float = inf) -> str | None:
        """What is wrong with the live version's files, null where nothing is, and before the first.

        They are read where they have changed since, unless ``until`` (monotonic seconds) is over.
        """
        try:
            version = self.pointer(project)
        except RegistryError as error:
            return str(error)
        if version is None:
            return None
        place = self.folder(project) / "versions" / version
        stamps = _stamps(place)
        known = self._examined.get(project)
        if known is None or known[0] != stamps:
            if time.monotonic() >= until:
                return None
            known = stamps, _wrong_with(place)
            self._examined[project] = known
        return known[1]

    def roll_back(self, project: str, version: str | None = None, instead_of: str | None = None) -> str:
        """Make an earlier version live: the named one, or the one before the live one. Its name.

        Where the pointer is broken the newest is the one before. ``instead_of``: only while that one is live. Raises
        UnknownProject where there is no model, RegistryError that lists the versions there are, names the live one, or
        the file of the version that is broken.
        """
        if not self.versions(project):
            raise UnknownProject(f"project {project}: there is no model in {self.root}")
        with self._writing(project):  # meanwhile no version is published or removed
            live, there = self.pointed(project), self.versions(project)
            if instead_of is not None and live != instead_of:
                raise RegistryError(f"project {project}: {instead_of} is not live any more: {live} is")
            if version is None:
                version = next((one for one in reversed(there) if _older(one, live)), None)
            if version is None:
                raise RegistryError(
                    f"project {project}: no version is earlier than the live one; there are: {', '.join(there)}"
                )
            if version not in there:
                raise RegistryError(f"project {project}: {version} is not there; there are: {', '.join(there)}")
            self.load(project, version)
            self._point(project, version)
        return version

    def prune(self, project: str, keep: int, spared: Sequence[str | None]) -> None:
        """Remove all but the ``keep`` newest versions, the live one and the ``spared``; and drafts of the dead."""
        folder = self.folder(project) / "versions"
        with self._writing(project):
            there = self.versions(project)
            kept = {*there[-keep:], self.pointer(project), *spared}
            for version in there:
                if version not in kept:
                    shutil.rmtree(folder / version)
            for draft in folder.glob(".*.draft"):
                shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def _writing(self, project: str) -> Iterator[None]:
        folder = self.folder(project)
        try:
            with alone(folder / ".lock"):
                yield
        except OSError as error:
            raise RegistryError(f"{folder}: cannot be written: {error.strerror}") from error

    def _pointer(self, project: str) -> dict[str, Any]:
        place = self.folder(project) / "current.json"
        found = read_json(place)
        if found is None:
            return {"version": None, "last": None}
        if not isinstance(found, dict) or not _VERSION.fullmatch(str(found.get("version"))):
            raise RegistryError(f"{place}: not a pointer to a version; `tiebreak-ml rollback` writes a new one")
        return {"version": found["version"], "last": found.get("last")}

    def _last(self, project: str) -> int:
        """The highest number that was ever given, as far as anything here still knows."""
        try:
            remembered = int(self._pointer(project)["last"] or 0)
        except (RegistryError, TypeError, ValueError, OverflowError):
            remembered = 0
        return max([remembered, *map(number, self.versions(project))])

    def _point(self, project: str, version: str) -> None:
        write_json(self.folder(project) / "current.json", {"version": version, "last": self._last(project)})


def number(version: str) -> int:
    """N of tiebreak-N, 0 for anything else.

    >>> number("tiebreak-12"), number("other")
    (12, 0)
    """
    found = _VERSION.fullmatch(version)
    return int(found[1]) if found else 0


def _older(version: str, than: str | None) -> bool:
    return than is None or number(version) < number(than)


def _stamps(place: Path) -> Stamps:
    """What changes with a version's files."""
    try:
        found = [(place / name).stat() for name in FILES]
    except OSError:
        return ()
    return tuple((one.st_mtime_ns, one.st_size) for one in found)


def _wrong_with(place: Path) -> str | None:
    try:
        _read(place)
    except RegistryError as error:
        return str(error)
    return None


def _write(draft: Path, model: Model, decision: Mapping[str, Any] | None) -> None:
    from safetensors.numpy import save

    draft.mkdir(parents=True)
    described: list[dict[str, Any]] = []
    arrays: dict[str, Any] = {}
    for place, control in enumerate(model.controls):
        words, parts = learners.saved(control)
        described.append(words)
        arrays |= {f"{place}/{name}": np.ascontiguousarray(part) for name, part in parts.items()}
    content = save(arrays)
    _write_synced(draft / "arrays.safetensors", content)
    about = {
        "format": FORMAT,
        "version": model.version,
        "label_config": model.label_config,
        "cursor": model.cursor,
        "trained_labels": model.trained_labels,
        "notes": {control: list(said) for control, said in model.notes.items()},
        "sha256": hashlib.sha256(content).hexdigest(),
        "controls": described,
    }
    _write_synced(draft / "model.json", _encoded(about))
    if decision is not None:
        _write_synced(draft / "decision.json", _encoded(decision))
    sync_folder(draft)


def _encoded(value: object) -> bytes:
    """As JSON; labels that tasks bring may hold halves of characters."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _write_synced(place: Path, content: bytes) -> None:
    with place.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(place: Path) -> Model:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    about = read_json(place / "model.json")
    if about is None and not (place / "model.json").exists():
        raise RegistryError(f"{place / 'model.json'}: missing; put its backup back, or `tiebreak-ml rollback`")
    file = place / "arrays.safetensors"
    try:
        if about["format"] != FORMAT:
            raise RegistryError(f"{place / 'model.json'}: written by another tiebreak-ml (format {about['format']})")
        if about["version"] != place.name:
            raise RegistryError(f"{place / 'model.json'}: of another version ({str(about['version'])[:60]!r})")
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise RegistryError(f"{file}: is not the file that was published (its checksum differs)")
        arrays = load(content)
        controls = []
        for place_of, words in enumerate(about["controls"]):
            prefix = f"{place_of}/"
            own = {name.removeprefix(prefix): part for name, part in arrays.items() if name.startswith(prefix)}
            controls.append(learners.restored(words, own))
        return Model(
            about["version"],
            about["label_config"],
            int(about["cursor"]),
            int(about["trained_labels"]),
            tuple(controls),
            {control: list(said) for control, said in about.get("notes", {}).items()},
        )
    except (OSError, SafetensorError) as error:
        raise RegistryError(f"{file}: cannot be read: {error}") from error
    except EncoderError as error:
        raise RegistryError(f"{place / 'model.json'}: {error}") from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:  # whatever it holds instead
        raise RegistryError(f"{place / 'model.json'}: not a model of ours ({error!r})") from error
