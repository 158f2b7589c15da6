"""The kept versions of a model as the sync service sees them: why each was published; and another one becomes live."""

import logging
from collections.abc import Mapping
from typing import Any

from .errors import BadRequest, NoSuchVersion, RegistryError
from .registry import Registry

log = logging.getLogger(__name__)


def decisions(registry: Registry, project: str) -> dict[str, Mapping[str, Any]]:
    """Version -> why it was published, as it was decided then; those of which nobody wrote it down are left out."""
    found = {}
    for version in registry.versions(project):
        try:
            decision = registry.decision(project, version)
        except RegistryError as error:
            log.warning("%s; why %s was published is not told", error, version)
            continue
        if decision is not None:
            found[version] = decision
    return found


def make_live(registry: Registry, project: str, version: object, instead_of: object = None) -> str:
    """From now on ``version`` is the live one: the next round shows it. Its name; safe to repeat.

    ``instead_of``: only while that one, or ``version`` already, is live. Raises BadRequest for what is no name,
    UnknownProject where there is no model, NoSuchVersion where the version is not there or broken, or another is live.
    """
    for field, name in (("version", version), ("instead_of", instead_of)):
        if not isinstance(name, str) and (field == "version" or name is not None):
            raise BadRequest(f"{field}: {str(name)[:60]!r} is no version; expected tiebreak-N")
    try:
        if registry.versions(project) and registry.pointed(project) == version:
            registry.load(project, str(version))
            return str(version)
        return registry.roll_back(project, str(version), None if instead_of is None else str(instead_of))
    except RegistryError as error:
        raise NoSuchVersion(str(error)) from error
