"""``tiebreak doctor``: what is wrong with a Label Studio and our place in it, and what mends it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import requests

from label_config.errors import LabelConfigError
from label_config.parse import parse
from label_config.review import review_config

from .backend import Backend
from .errors import BackendError, LabelStudioError, Rejected, TiebreakError, Unauthorized
from .labelstudio.client import LabelStudio
from .labelstudio.wire import RemoteProject
from .marker import source_named
from .opening import Services
from .push import QUEUE_VERSION
from .settings import AS_SET, Settings
from .store import audit, examined, projects
from .store.engine import Store, owner
from .webhooks import Webhook, webhook

UNCERTAINTY = "Uncertainty sampling"
SSRF = (
    "Label Studio refuses private and loopback addresses unless it is started with SSRF_PROTECTION_ENABLED=false "
    "(webhooks) and ML_BLOCK_LOCAL_IP=false (ML backends)"
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One finding: what was checked, whether it is right, what was seen, and what mends it.

    ``remedy`` is a command or an act, empty where all is well. ``fix`` mends it by API; null where that cannot.
    ``project`` is Label Studio's id of the project of the settings that it is about, null for none.
    """

    check: str
    ok: bool
    message: str
    remedy: str = ""
    fix: Callable[[], object] | None = None
    project: int | None = None


def examine(outside: Services) -> Iterator[Diagnosis]:
    """Check the server and the store, then each project of the settings; a server that does not answer ends it."""
    server = list(_server(outside.gateway, outside.settings.label_studio_token.get_secret_value()))
    yield from server
    if not all(one.ok for one in server):
        return
    yield _store(outside)
    yield from _secret(outside.settings)
    if outside.backend is not None:
        yield _backend_answers(outside.backend)
    if outside.settings.public_url:
        yield _reached(outside)
    if not outside.settings.projects:
        yield Diagnosis("projects", False, "no project is named", "in the settings: projects = [ID, ...]")
        return
    seen = list(outside.gateway.projects())
    for project in outside.settings.projects:
        yield from (replace(one, project=project) for one in _project(outside, project, seen))


def mend(outside: Services, found: Sequence[Diagnosis]) -> Iterator[tuple[Diagnosis, str]]:
    """Mend what can be mended by API, one after the other; each with why it could not be, empty where it was.

    What was mended is recorded, with what was found.
    """
    for one in found:
        if one.ok or one.fix is None:
            continue
        try:
            one.fix()
        except TiebreakError as error:
            refused = isinstance(error, Rejected | Unauthorized) and one.check.endswith((": backend", ": webhook"))
            yield one, f"{error} {SSRF}." if refused else str(error)
        else:
            _record(outside, one)
            yield one, ""


def remember(store: Store, found: Sequence[Diagnosis], now: int) -> None:
    """Keep what was found for the page of operations, unless the store is that of another Label Studio."""
    if any(one.check == "store" and not one.ok for one in found):
        return
    kept = [examined.Finding(one.check, one.ok, one.message, one.remedy, one.project) for one in found]
    with store.begin() as connection:
        examined.keep(connection, kept, now)


def _record(outside: Services, mended: Diagnosis) -> None:
    with outside.store.begin() as connection:
        known = {one.label_studio_id: one.key for one in projects.sources(connection)}
        audit.record(
            connection,
            now=outside.clock(),
            actor=audit.COMMAND_LINE,
            action="mended",
            project=known.get(mended.project or 0),
            subject={"check": mended.check},
            why={"found": mended.message},
        )


def _server(gateway: LabelStudio, token: str) -> Iterator[Diagnosis]:
    try:
        version = gateway.version()
        yield Diagnosis("reachable", True, f"Label Studio {version} answers at {gateway.url}")
        user = gateway.whoami()
    except Unauthorized as error:
        yield Diagnosis("token", False, str(error), "copy the token from Label Studio, Account & Settings")
        return
    except LabelStudioError as error:
        yield Diagnosis("reachable", False, str(error), "start Label Studio, or set label_studio_url")
        return
    kind = "a personal access token" if token.count(".") == 2 else "a legacy token"
    yield Diagnosis("token", True, f"{kind} of {user.email}")


def _store(outside: Services) -> Diagnosis:
    name, here = outside.store.name, outside.gateway.url
    known = owner(outside.store)
    if known is None or known == here:
        return Diagnosis("store", True, f"{name} {'is new' if known is None else 'belongs to this Label Studio'}")
    return Diagnosis(
        "store",
        False,
        f"{name} belongs to the Label Studio at {known}",
        f"name another store in the settings, or, if the same server moved: tiebreak moved {here}",
    )


def _secret(settings: Settings) -> Iterator[Diagnosis]:
    """An empty secret lets nobody in: neither webhooks nor the ML backend."""
    if (settings.public_url or settings.backend_url) and not settings.secret.get_secret_value():
        yield Diagnosis(
            "secret",
            False,
            "none is set: webhooks are refused, and the ML backend is not served what to learn",
            "in the settings: secret = ..., the same for tiebreak-ml",
        )


def _backend_answers(backend: Backend) -> Diagnosis:
    try:
        backend.state("0.0")
    except BackendError as error:
        return Diagnosis("backend", False, str(error), "tiebreak-ml serve")
    return Diagnosis("backend", True, f"tiebreak-ml answers at {backend.url}")


def _project(outside: Services, number: int, seen: Sequence[RemoteProject]) -> Iterator[Diagnosis]:
    name = f"project {number}"
    try:
        project = outside.gateway.project(number)
        source = source_named(project.description)
        if source is not None:
            message = f"{project.title!r} is a review project that Tiebreak made"
            yield Diagnosis(name, False, message, f"in the settings: name its source, project {source}, instead")
            return
        review_config(parse(project.label_config))
    except LabelStudioError as error:
        yield Diagnosis(name, False, str(error), "in the settings: projects may name only what this token may see")
        return
    except LabelConfigError as error:
        yield Diagnosis(f"{name}: interface", False, str(error), "change the labeling interface, or leave it out")
        return
    yield Diagnosis(f"{name}: interface", True, project.title)
    if outside.backend is not None:
        yield _connected(outside, project)
        yield _sampling(outside.gateway, project)
        yield _version(outside, outside.backend, project)
    yield from _events(outside, project)
    yield _overlap(outside.settings, outside.gateway, project)
    homes = [one for one in seen if source_named(one.description) == project.id]
    for home in homes:
        yield _review(outside.gateway, home)
        yield from _events(outside, home)
    yield from _twins(outside.gateway, homes)


def _events(outside: Services, project: RemoteProject) -> Iterator[Diagnosis]:
    wanted = webhook(outside.settings, project.id)
    if wanted is not None:
        yield _webhook(outside, wanted)


def _twins(gateway: LabelStudio, homes: Sequence[RemoteProject]) -> Iterator[Diagnosis]:
    """Two review projects for one band: the answer to a creation was lost and it was carried out late."""
    for home in homes:
        older = [one for one in homes if one.description == home.description and one.id < home.id]
        if not older:
            continue
        message = f"project {home.id} is a second {home.title!r} beside project {older[0].id}"
        if gateway.tasks_after(home.id, 0, 1):
            yield Diagnosis("review projects", False, message, f"look at both, then delete project {home.id}")
        else:
            fix = partial(gateway.delete_project, home.id)
            yield Diagnosis("review projects", False, f"{message}, and empty", "tiebreak doctor --fix", fix)


def _connected(outside: Services, project: RemoteProject) -> Diagnosis:
    url = (outside.settings.backend_url_for_label_studio or outside.settings.backend_url).rstrip("/")
    login = _login(outside.settings)
    check = f"project {project.id}: backend"
    found = next((one for one in outside.gateway.backends(project.id) if one.url == url), None)
    title, known = ("Tiebreak", None) if found is None else (found.title, found.id)
    fix = partial(outside.gateway.connect_backend, project.id, url, title, login=login, known=known)
    if found is None:
        return Diagnosis(check, False, f"the ML backend {url} is not connected", "tiebreak doctor --fix", fix)
    if login and found.user != login[0]:
        message = f"the ML backend {url} is connected, but not as {login[0]!r} (backend_user)"
        return Diagnosis(check, False, message, "tiebreak doctor --fix", fix)
    if found.state != "CO":
        return Diagnosis(
            check,
            False,
            f"Label Studio does not reach {url} (state {found.state}: {found.error}). {SSRF}.",
            "tiebreak-ml serve",
            fix if login else None,  # it may have another password
        )
    return Diagnosis(check, True, f"{url} is connected")


def _login(settings: Settings) -> tuple[str, str] | None:
    """With what Label Studio is to come to the ML backend; null where that asks nobody."""
    user, password = settings.backend_user, settings.backend_password.get_secret_value()
    return (user, password) if user or password else None


def _sampling(gateway: LabelStudio, project: RemoteProject) -> Diagnosis:
    check = f"project {project.id}: sampling"
    if project.sampling == UNCERTAINTY:
        return Diagnosis(check, True, "the most useful task comes next")
    return Diagnosis(
        check,
        False,
        f"{project.sampling!r} ignores the order of the scores",
        "tiebreak doctor --fix",
        lambda: gateway.update_project(project.id, sampling=UNCERTAINTY),
    )


def _version(outside: Services, backend: Backend, project: RemoteProject) -> Diagnosis:
    """The version of the project, of the stored predictions and of the backend must be one, or order is random."""
    check = f"project {project.id}: model version"
    try:
        served = backend.state(f"{project.id}.{project.created_at // 1_000_000}").round
    except BackendError as error:
        return Diagnosis(check, False, str(error), "tiebreak-ml serve")
    stored = outside.gateway.model_versions(project.id)
    if served is not None and project.model_version == served and (served in stored or not stored):
        return Diagnosis(check, True, f"{served} everywhere")
    message = (
        f"the project says {project.model_version or 'nothing'!r}, stored predictions say "
        f"{', '.join(stored) or 'nothing'}, the backend says {served or 'nothing'}: Label Studio serves at random"
    )
    if served in stored:
        return Diagnosis(
            check,
            False,
            message,
            "tiebreak doctor --fix",
            lambda: outside.gateway.update_project(project.id, model_version=served),
        )
    return Diagnosis(check, False, message, f"tiebreak refresh {project.id}")


def _webhook(outside: Services, wanted: Webhook) -> Diagnosis:
    check = f"project {wanted.project}: webhook"
    found = wanted.find(outside.gateway)
    if len(found) == 1 and wanted.is_right(found[0]):
        return Diagnosis(check, True, f"events go to {wanted.url}")
    if not found:
        often = f"{outside.settings.sync_seconds:g} s"
        message = f"none sends events to {wanted.url}: changes are seen only every {often}"
    elif len(found) > 1:
        message = f"{len(found)} send each event to {wanted.url}"
    else:
        message = f"the one to {wanted.url} is switched off or has another secret"
    return Diagnosis(check, False, message, "tiebreak doctor --fix", lambda: wanted.ensure(outside.gateway))


def _reached(outside: Services) -> Diagnosis:
    url = f"{outside.settings.public_url}/healthz"
    try:
        with requests.Session() as session:
            session.trust_env = False
            if session.get(url, timeout=5).status_code == 200:
                return Diagnosis("webhook receiver", True, f"{url} answers")
    except requests.RequestException:
        pass
    return Diagnosis("webhook receiver", False, f"{url} does not answer", "tiebreak serve")


def _overlap(settings: Settings, gateway: LabelStudio, project: RemoteProject) -> Diagnosis:
    check = f"project {project.id}: overlap"
    decided = settings.overlap != AS_SET
    if project.maximum_annotations == 1:
        who = (
            "unless `tiebreak run` decides that another is worth more"
            if decided
            else "unless the task itself says more"
        )
        return Diagnosis(check, True, f"one answer a task {who}: the order is exact")
    if decided:
        return Diagnosis(
            check,
            False,
            f"{project.maximum_annotations} annotations a task by project, and the setting overlap says "
            f"{settings.overlap!r}: started tasks are served at random, and every task is answered so often",
            f"tiebreak run {project.id}",  # which decides anew what this has reset
        )

    def per_task() -> None:
        wanted = project.maximum_annotations
        gateway.update_project(project.id, maximum_annotations=1)
        last = 0
        while page := gateway.tasks_after(project.id, last, 500):
            for task in page:
                gateway.update_task(task.id, overlap=max(wanted, task.overlap))
            last = page[-1].id

    return Diagnosis(
        check,
        False,
        f"{project.maximum_annotations} annotations a task by project: started tasks are served at random. "
        "The same number as each task's own overlap keeps the order exact.",
        "tiebreak doctor --fix",
        per_task,
    )


def _review(gateway: LabelStudio, project: RemoteProject) -> Diagnosis:
    check = f"project {project.id}: review order"
    ours = [name for name in gateway.model_versions(project.id) if name.startswith(QUEUE_VERSION)]
    wrong = []
    if project.sampling != UNCERTAINTY:
        wrong.append(f"sampling is {project.sampling!r}")
    if project.maximum_annotations != 1:
        wrong.append(f"{project.maximum_annotations} annotations a task")
    if ours and project.model_version not in ours:
        wrong.append(f"model version is {project.model_version!r}, not {ours[-1]}")
    if not wrong:
        return Diagnosis(check, True, f"{project.title}: the most urgent task comes first")

    def mend() -> None:
        gateway.update_project(project.id, sampling=UNCERTAINTY, maximum_annotations=1)
        if ours:
            gateway.update_project(project.id, model_version=ours[-1])

    return Diagnosis(check, False, f"{project.title}: {'; '.join(wrong)}", "tiebreak doctor --fix", mend)
