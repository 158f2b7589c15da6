"""What people may do: look on, decide, or everything; everywhere, or in single projects."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = ("viewer", "lead", "admin")
"""Each may do what those before it may. viewer: look on; lead: write; admin: what concerns all projects."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. ``id`` is null where no user of the store stands behind it: dashboard_user, an open dashboard.

    ``role`` holds in every project, ``projects`` (the store's key -> role) beside it; null: only in those.
    ``actor`` is how the audit chain calls them.
    """

    name: str
    role: str | None
    id: int | None = None
    projects: Mapping[int, str] = field(default_factory=dict)

    @property
    def actor(self) -> str:
        """``login:<id>``; 0 is nobody of the store."""
        return f"login:{self.id or 0}"

    def may(self, role: str, project: int | None = None) -> bool:
        """Whether they are at least that: in a project (the store's key), or in everything where it is null.

        >>> Person("ann", None, 1, {7: "lead"}).may("viewer", 7), Person("ann", None, 1, {7: "lead"}).may("viewer", 8)
        (True, False)
        """
        has = [self.role] if project is None else [self.role, self.projects.get(project)]
        return any(one is not None and ROLES.index(one) >= ROLES.index(role) for one in has)
