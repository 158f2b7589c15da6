"""What is done with versions of labels on their page: kept, tagged, restored, checked, and written to files.

Labels by the hundred thousand take seconds, and other readers wait meanwhile: those are left to the command line.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from label_config.model import Control, LabelConfig
from label_config.parse import parse

from ..errors import StoreError, TiebreakError
from ..exports.exported import Exported
from ..exports.writing import FORMATS, export
from ..opening import Services
from ..store import audit, label_versions
from ..store.label_versions import StoredVersion
from ..store.lease import beat
from ..versions.creating import create, put_tag
from ..versions.recorded import all_faults
from ..versions.restoring import make_again
from . import queries
from .page import Action, Asked, Errand, Handed, Refused, Sent
from .restore_actions import RESTORE_ACTIONS
from .version_forms import KEPT, LARGEST, LONGEST, named_version, note, sentence
from .wording import counted

CHECKED = 100_000
"""Labels of all versions together that a page still checks."""
KINDS = {
    "parquet": (".parquet", "application/vnd.apache.parquet"),
    "csv": (".csv", "text/csv"),
    "jsonl": (".jsonl", "application/x-ndjson"),
    "label-studio": (".json", "application/json"),
    "coco": (".json", "application/json"),
    "yolo": (".zip", "application/zip"),
    "conll": (".conll", "text/plain"),
    "hugging-face": (".zip", "application/zip"),
}
"""Format -> how its file ends, and what it is; a folder is handed out as a ZIP archive."""
MADE_AT = (1980, 1, 1, 0, 0, 0)
"""What is said of each file of an archive, so that the same labels give the same bytes."""


def checked_beat(project: int) -> str:
    """The name under which it is kept when the versions of a project (Label Studio's id) were last checked."""
    return f"project:{project}:versions"


def _keep(outside: Services, sent: Sent) -> None:
    """A version of the labels as they are; nothing is written where the newest one holds just these."""
    said, tag = note(sent.form, "note"), sent.form.get("tag", "").strip() or None
    with outside.store.read() as connection:
        large = queries.has_more_tasks(connection, sent.project, KEPT)
    if large:
        raise Refused(f"The project is large: tiebreak version create --project {sent.project.label_studio_id}")
    try:
        made = create(
            outside.store, sent.project.key, outside.settings, outside.clock, tag=tag, note=said, actor=sent.actor
        )
    except TiebreakError as error:
        raise Refused(sentence(error)) from error
    if not made.new and tag is None:
        raise Refused(f"Version {made.version.number} holds just these labels: no new one was made.")


def _export(outside: Services, sent: Sent) -> Handed:
    """A version as a file. Controls that the format cannot hold are left out, unless that is all of them."""
    name = sent.form.get("format", "")
    if name not in FORMATS:
        raise Refused(f"No format is called that; there are: {', '.join(FORMATS)}.")
    with outside.store.read() as connection:
        wanted = named_version(label_versions.versions(connection, sent.project.key), sent.form)
        if wanted.labels > LARGEST:
            raise Refused(f"That version is large: {_command(sent, wanted, name)}")
        try:
            content = label_versions.content(connection, sent.project.key, wanted)
        except StoreError as error:
            raise Refused(sentence(error)) from error
    config = parse(content.interface)
    controls = _controls(config, name, sent.form.get("control", ""))
    exported = Exported(sent.project.label_studio_id, wanted.number, wanted.as_of, content, config, controls)
    try:
        file, size = _written(exported, name)
    except TiebreakError as error:
        raise Refused(sentence(error)) from error
    _record_export(outside, sent, wanted, name, len(controls), size)
    ending, kind = KINDS[name]
    return Handed(f"project-{exported.project}-version-{wanted.number}-{name}{ending}", kind, file)


def _command(sent: Sent, version: StoredVersion, name: str) -> str:
    """What does the same on a terminal."""
    place = "labels" if FORMATS[name].folder else f"labels{KINDS[name][0]}"
    number = sent.project.label_studio_id
    return f"tiebreak version export {version.number} {place} --format {name} --project {number}"


def _controls(config: LabelConfig, name: str, only: str) -> tuple[Control, ...]:
    """Those that are asked for (empty: all), without what the format cannot hold, unless it can hold none of them."""
    asked = tuple(one for one in config.controls if only in ("", one.name))
    if not asked:
        raise Refused("That version has no such control: choose another one.")
    return tuple(one for one in asked if FORMATS[name].refuses(one, config) is None) or asked


def _record_export(outside: Services, sent: Sent, version: StoredVersion, name: str, controls: int, size: int) -> None:
    subject = {"version": version.number, "hash": version.hash, "format": name, "controls": controls, "bytes": size}
    with outside.store.begin() as connection:
        audit.record(
            connection,
            now=outside.clock(),
            actor=sent.actor,
            action="version exported",
            project=sent.project.key,
            subject=subject,
        )


def _written(exported: Exported, name: str) -> tuple[IO[bytes], int]:
    """The file, open and without a name any more, and its size in bytes."""
    with TemporaryDirectory(prefix="tiebreak-export-") as folder:
        place = Path(folder) / "labels"
        export(exported, place, name)
        if FORMATS[name].folder:
            place = _packed(place, Path(folder) / "labels.zip")
        return place.open("rb"), place.stat().st_size


def _packed(folder: Path, archive: Path) -> Path:
    """A folder as an archive, its files in the order of their names."""
    with ZipFile(archive, "w", ZIP_DEFLATED) as packed:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            about = ZipInfo(file.relative_to(folder).as_posix(), MADE_AT)
            about.compress_type = ZIP_DEFLATED
            with file.open("rb") as source, packed.open(about, "w") as target:
                shutil.copyfileobj(source, target)
    return archive


def _check(outside: Services, sent: Sent) -> None:
    """Compute the hashes of all that the versions hold anew, and keep what was found."""
    number = sent.project.label_studio_id
    with outside.store.read() as connection:
        known = label_versions.versions(connection, sent.project.key)
        if sum(one.labels for one in known) > CHECKED:
            raise Refused(f"The versions are large: tiebreak version verify --project {number}")
        wrong = all_faults(connection, sent.project.key, known)
    said = "; ".join(f"version {version}: {faults[0]}" for version, faults in wrong.items())
    with outside.store.begin() as connection:
        now = outside.clock()
        beat(connection, checked_beat(number), now, not wrong, said or counted(len(known), "version"))
        subject = {"versions": len(known), "wrong": sorted(wrong)}
        audit.record(
            connection,
            now=now,
            actor=sent.actor,
            action="versions verified",
            project=sent.project.key,
            subject=subject,
        )


def _tag(asked: Asked, form: Mapping[str, str]) -> None:
    """Give a version a name."""
    name, version = form.get("tag", "").strip(), form.get("version", "")[:80]
    try:
        put_tag(asked.connection, asked.project.key, version, name, asked.now, actor=asked.person.actor)
    except TiebreakError as error:
        raise Refused(sentence(error)) from error


def _restore(asked: Asked, form: Mapping[str, str]) -> None:
    """Make a new version with the content of an earlier one; nothing changes in Label Studio."""
    why = note(form, "why")
    if not why:
        raise Refused(f"Say why, in 1 to {LONGEST} characters: it becomes the note of the new version.")
    if form.get("sure") != "yes":
        raise Refused("Tick that you are sure, then restore.")
    key = asked.project.key
    wanted = named_version(label_versions.versions(asked.connection, key), form)
    if wanted.labels > LARGEST:
        raise Refused(f"That version is large: tiebreak version restore {wanted.number}")
    try:
        made = make_again(asked.connection, key, str(wanted.number), asked.now, note=why, actor=asked.person.actor)
    except TiebreakError as error:
        raise Refused(sentence(error)) from error
    if not made.new:
        raise Refused(f"Version {made.version.number} is the newest and holds these labels already.")


VERSION_ACTIONS: Mapping[str, Action | Errand] = {
    "keep": Errand(_keep, "Kept: the newest version holds the labels as they are."),
    "export": Errand(_export, ""),
    "check": Errand(_check, "Checked: what was found stands below."),
    "tag": Action(_tag, "version tagged", "The version has its tag."),
    "restore": Action(_restore, "version restored", "The newest version holds these labels again.", needs="admin"),
    **RESTORE_ACTIONS,
}
"""By their names in addresses."""
