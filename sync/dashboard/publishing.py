"""Publishing guidelines from the page: what the reader was shown becomes the project's instructions."""

from ..glossary.publishing import InstructionsChanged
from ..glossary.publishing import publish as bring
from ..opening import PAGE_SECONDS, Services, alone
from ..store import guideline_versions
from .page import Refused, Sent

EXCERPT = 300
"""Characters that are shown of instructions that somebody wrote in Label Studio."""


def publish(outside: Services, sent: Sent) -> None:
    """Make the version that was shown the project's instructions, once the reader is sure; see ``glossary.publishing``.

    Raises Refused where another one was written or published meanwhile, or somebody wrote in Label Studio.
    """
    if sent.form.get("sure") != "yes":
        raise Refused("Tick that you are sure, then publish.")
    number = _shown(outside, sent)
    project = sent.project.label_studio_id
    with alone(outside, project, waits=lambda _: None, seconds=PAGE_SECONDS):
        try:
            bring(
                outside,
                project,
                number,
                actor=sent.actor,
                replace=sent.form.get("replace") == "yes",
                review=sent.form.get("words") != "yes",
            )
        except InstructionsChanged as error:
            text = error.found if len(error.found) <= EXCERPT else f"{error.found[:EXCERPT]}…"
            raise Refused(
                f"Somebody wrote or changed the instructions in Label Studio: “{text}”. Take what is worth it into the "
                "guidelines, then tick that they may be replaced."
            ) from error


def _shown(outside: Services, sent: Sent) -> int:
    """The number of the version that the form names, where it is still the newest, and the same one is published."""
    with outside.store.read() as connection:
        newest = guideline_versions.newest(connection, sent.project.key)
        published = guideline_versions.published(connection, sent.project.key)
    if newest is None:
        raise Refused("No guidelines are written yet: write the first entry.")
    if sent.form.get("version") != str(newest.number):
        raise Refused(f"Somebody wrote version {newest.number} meanwhile: load the page again, and see what changes.")
    if sent.form.get("before") != str(published.number if published else 0):
        raise Refused("Somebody published another version meanwhile: load the page again, and see what changes.")
    return newest.number
