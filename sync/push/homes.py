"""The review projects: one a band, found by their marker or made, with the interface that the source has now."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from label_config.errors import LabelConfigError
from label_config.parse import parse
from label_config.review import review_config

from ..errors import Rejected, Unsupported
from ..labelstudio.client import LabelStudio
from ..labelstudio.wire import RemoteProject
from ..marker import marker
from ..pull import pull_review
from ..settings import Settings
from ..store import acts, projects, review_rounds
from ..store.engine import Store
from ..webhooks import webhook
from .ordering import FIRST_VERSION

COLORS = {1: "#D6453D", 2: "#E8A33D", 3: "#5B8DB8"}
TITLE_LENGTH = 50
SERVING: Mapping[str, object] = {
    "sampling": "Uncertainty sampling",
    "maximum_annotations": 1,
    "show_collab_predictions": False,
}
"""The settings of a review project that decide what is served to whom; the model version is seen to with the order."""
TAB = "Most urgent first"
HIDDEN_COLUMNS = tuple(
    f"tasks:{name}"
    for name in """data.tiebreak_key data.tiebreak_answers data.tiebreak_source_task inner_id total_annotations
    cancelled_annotations total_predictions annotations_results annotations_ids predictions_score
    predictions_model_versions predictions_results file_upload storage_filename created_at updated_at updated_by
    avg_lead_time draft_exists""".split()
)

INSTRUCTION = (
    "<h3>Why is this here?</h3><p>People who labeled these tasks did not agree, or their answer is doubtful. "
    "The banner on top of each task says why it came back. Choose the right answer, then say how you came to it: "
    "your ruling becomes the ground truth of the source task.</p>"
)


def ensure_project(
    store: Store,
    gateway: LabelStudio,
    project: int,
    band: int,
    there: Callable[[], Iterable[RemoteProject]],
    settings: Settings,
    clock: Callable[[], int],
) -> projects.StoredProject:
    """The review project of that band: the one we know, or one found by its marker, or a new one.

    ``there`` says which projects Label Studio has.
    """
    with store.read() as connection:
        source = projects.get(connection, project)
        known = projects.review_project(connection, project, band)
    if known is not None:
        return known
    wanted = marker(source.label_studio_id, source.created_at, band)
    found = next((one for one in there() if one.description == wanted), None)
    remote = found or _create(gateway, source, band, wanted)
    _show_order(gateway, remote, new=found is None)
    hook = webhook(settings, remote.id)
    if hook is not None:
        hook.ensure(gateway)
    with store.begin() as connection:
        home = projects.remember(connection, remote, kind="review", source=project, band=band, now=clock())
    if found is not None:  # it may hold the review tasks of an interrupted push
        pull_review(store, gateway, home, clock)
    return home


def follow_interface(
    store: Store, gateway: LabelStudio, home: projects.StoredProject, clock: Callable[[], int]
) -> str | None:
    """Let reviewers choose among the labels that the source interface has now; why that was refused, else null."""
    assert home.source_key is not None
    with store.read() as connection:
        wanted = _interface(projects.get(connection, home.source_key))
    if home.label_config == wanted:
        return None
    try:
        remote = gateway.update_project(home.label_studio_id, label_config=wanted)
    except Rejected as error:
        return str(error)
    with store.begin() as connection:
        projects.remember(connection, remote, kind="review", now=clock())
    return None


def put_back_settings(
    store: Store, gateway: LabelStudio, homes: Sequence[projects.StoredProject], clock: Callable[[], int]
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Undo what somebody changed of the settings that decide what reviewers are served: which projects, what names.

    All are asked for at once. One that is gone is for the next pull to find.
    """
    if not homes:
        return ()
    there = {one.id: one for one in gateway.projects([home.label_studio_id for home in homes])}
    found = [
        (home.label_studio_id, _put_back(store, gateway, home, there[home.label_studio_id], clock))
        for home in homes
        if home.label_studio_id in there
    ]
    return tuple((number, names) for number, names in found if names)


def _put_back(
    store: Store, gateway: LabelStudio, home: projects.StoredProject, remote: RemoteProject, clock: Callable[[], int]
) -> tuple[str, ...]:
    """The names of the settings of one project that somebody had changed.

    Another number of annotations makes Label Studio count anew which tasks are done, so that it serves what was
    withdrawn, and no more what was opened for another reviewer: both are stored as to be done before. It also forgets
    the model version where the predictions were shown: what it has after that is kept, so that the order is settled.
    """
    wanted = {name: value for name, value in SERVING.items() if getattr(remote, name) != value}
    if not wanted:
        return ()
    with store.begin() as connection:
        review_rounds.settle_anew(connection, home.key)
        acts.settings_put_back(connection, home.key, {name: getattr(remote, name) for name in wanted}, clock())
    remote = gateway.update_project(home.label_studio_id, **wanted)
    with store.begin() as connection:
        projects.remember(connection, remote, kind="review", now=clock())
    return tuple(sorted(wanted))


def _interface(source: projects.StoredProject) -> str:
    try:
        return review_config(parse(source.label_config))
    except LabelConfigError as error:
        raise Unsupported(f"project {source.label_studio_id} ({source.title!r}) cannot be reviewed: {error}") from error


def _create(gateway: LabelStudio, source: projects.StoredProject, band: int, description: str) -> RemoteProject:
    return gateway.create_project(
        f"[P{band}] Review: {source.title}"[:TITLE_LENGTH],
        _interface(source),
        description=description,
        color=COLORS[band],
        **SERVING,
        model_version=FIRST_VERSION,
        show_instruction=False,
        expert_instruction=INSTRUCTION,
    )


def _show_order(gateway: LabelStudio, home: RemoteProject, *, new: bool) -> None:
    """A Data Manager tab in the order that ``next`` serves, without the columns that tell people nothing; made once."""
    if new or not any(title == TAB for title in gateway.tabs(home.id)):
        gateway.create_tab(home.id, TAB, ordering=["tasks:predictions_score"], hidden=HIDDEN_COLUMNS)
