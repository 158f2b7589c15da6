"""A version of the guidelines becomes the project's instructions in Label Studio; rulings that it touches come back."""

from dataclasses import dataclass

from label_config.guidelines import diff, instructions

from ..errors import SettingsError
from ..opening import Services
from ..store import guideline_versions, projects
from ..store.audit import record
from ..store.guideline_versions import GuidelineVersion
from ..store.guidelines import bring_back, touched_by
from .kept import keep_now
from .writing import version


class InstructionsChanged(SettingsError):
    """The project has instructions that were written or changed in Label Studio: ``found``."""

    def __init__(self, project: int, found: str) -> None:
        super().__init__(
            f"project {project} has instructions that were written or changed in Label Studio: take what is worth it "
            "into the guidelines, then publish with --replace"
        )
        self.found = found


@dataclass(frozen=True, slots=True)
class Published:
    """What was done: the version's number, whether Label Studio had another text, and the tasks (Label Studio's ids)
    whose rulings are to be reviewed again."""

    version: int
    changed: bool
    tasks: tuple[int, ...]


def publish(
    outside: Services,
    project: int,
    number: int | None = None,
    *,
    actor: str,
    replace: bool = False,
    review: bool = True,
) -> Published:
    """Publish a version (by default the newest) to a project (Label Studio's id).

    Instructions that somebody wrote or changed in Label Studio are not overwritten unless ``replace``: raises
    InstructionsChanged. With ``review`` the rulings are marked that what changed since the last published version
    touches; the next push brings them back. Published twice, nothing happens; killed in between, the next call
    finishes.
    """
    with outside.store.read() as connection:
        key = projects.source(connection, project).key
        new = version(connection, key, number)
        old = guideline_versions.published(connection, key)
    text = instructions(new.entries, new.number)
    found = outside.gateway.project(project).instructions or ""
    if found.strip() and found not in (text, instructions(old.entries, old.number) if old else text) and not replace:
        raise InstructionsChanged(project, found)
    if found != text:
        outside.gateway.update_project(project, expert_instruction=text)
    return Published(new.number, found != text, _noted(outside, key, old, new, actor, review))


def _noted(
    outside: Services, key: int, old: GuidelineVersion | None, new: GuidelineVersion, actor: str, review: bool
) -> tuple[int, ...]:
    """Keep that it stands there, with what comes back because of it; nothing where it was published last."""
    if old is not None and old.id == new.id:
        return ()
    now = outside.clock()
    with outside.store.begin() as connection:
        changes = diff(old.entries if old else (), new.entries)
        touched = touched_by(connection, key, changes) if review else []
        bring_back(connection, [one.ruling for one in touched], new.why)
        guideline_versions.set_published(connection, new, now)
        tasks = tuple(dict.fromkeys(one.task for one in touched))
        subject = {"version": new.number, "before": old.number if old else None, "tasks": list(tasks)}
        keep_now(connection, key, now)
        record(connection, now=now, actor=actor, action="guidelines published", project=key, subject=subject)
    return tasks
