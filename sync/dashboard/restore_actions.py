"""What an admin does to have the labels of a version in Label Studio again: look at what that takes, then have it done.

Nothing is asked of Label Studio here: the next run, which is wished for at once, writes what is intended.
"""

from collections.abc import Mapping

from ..errors import TiebreakError
from ..opening import Services
from ..store import label_versions, plans
from ..store.label_versions import StoredVersion
from ..versions.putting_back import intend
from ..versions.restoring import Plan, make_again, plan
from . import queries
from .page import Errand, Refused, Sent, Told
from .version_forms import KEPT, LARGEST, LONGEST, named_version, note, sentence

SHOWN = 20
"""Tasks that are named where there are many."""


def look(outside: Services, sent: Sent) -> Told:
    """What would be written, and over whose ground truths."""
    wanted, what = _planned(outside, sent)
    return Told(
        "restoring.html",
        {
            "version": wanted,
            "tasks": len(what.labels),
            "foreign": len(what.foreign),
            "foreign_shown": what.foreign[:SHOWN],
            "left_out": len(what.left_out),
            "left_out_shown": what.left_out[:SHOWN],
            "seal": what.seal(),
        },
    )


def put_back(outside: Services, sent: Sent) -> None:
    """A version with these labels, and the intent that Label Studio has them, in one transaction."""
    why = note(sent.form, "why")
    if not why:
        raise Refused(f"Say why, in 1 to {LONGEST} characters: it is kept in the audit chain.")
    if sent.form.get("sure") != "yes":
        raise Refused("Tick that you are sure, then restore.")
    wanted, what = _planned(outside, sent)
    if what.seal() != sent.form.get("seal"):
        raise Refused("Something else than you were shown would be written by now: look at it again.")
    if not what.labels:
        raise Refused("There is nothing to write: the labels are these already.")
    now, key = outside.clock(), sent.project.key
    try:
        with outside.store.begin() as connection:
            again = make_again(connection, key, str(wanted.number), now, tag=None, note=why, actor=sent.actor)
            intend(connection, key, again.version, what, now, sent.actor, why)
            plans.wish(connection, sent.project.label_studio_id, now)
    except TiebreakError as error:
        raise Refused(sentence(error)) from error


def _planned(outside: Services, sent: Sent) -> tuple[StoredVersion, Plan]:
    """The version that the form names, and what putting it back takes now."""
    number = sent.project.label_studio_id
    with outside.store.read() as connection:
        wanted = named_version(label_versions.versions(connection, sent.project.key), sent.form)
        if wanted.labels > LARGEST or queries.has_more_tasks(connection, sent.project, KEPT):
            how = f"tiebreak version restore {wanted.number} --to-label-studio --project {number}"
            raise Refused(f"That is too large for a page: {how}")
        try:
            return wanted, plan(connection, sent.project.key, wanted, outside.settings)
        except TiebreakError as error:
            raise Refused(sentence(error)) from error


RESTORE_ACTIONS: Mapping[str, Errand] = {
    "look": Errand(look, "", needs="admin"),
    "put-back": Errand(put_back, "These labels count from now on; the next run writes them.", needs="admin"),
}
"""By their names in addresses."""
