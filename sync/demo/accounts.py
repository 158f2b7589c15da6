"""The people of an embedded Label Studio: known logins, tokens of their own, simulated ones named as simulated."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "tiebreak-accounts.json"
PASSWORD = "tiebreak-demo"  # noqa: S105 - printed on purpose: the demo's server listens on this machine alone


@dataclass(frozen=True, slots=True)
class Account:
    """One login. ``role`` is ours (admin, annotator, reviewer): open-source Label Studio has no roles."""

    role: str
    first_name: str
    last_name: str
    email: str
    password: str
    token: str
    id: int = 0

    @property
    def name(self) -> str:
        """As Label Studio shows it."""
        return f"{self.first_name} {self.last_name}".strip()


def people(draw_token: Sequence[str]) -> list[Account]:
    """Admin, reviewer and three simulated annotators, with the tokens given (one each, 40 hex digits)."""
    roles = [
        ("admin", "Demo", "Admin", "admin@example.com"),
        ("annotator", "Avery", "(simulated)", "avery@example.com"),
        ("annotator", "Blake", "(simulated)", "blake@example.com"),
        ("annotator", "Casey", "(simulated)", "casey@example.com"),
        ("reviewer", "Demo", "Reviewer", "reviewer@example.com"),
    ]
    return [
        Account(role, first, last, email, PASSWORD, token)
        for (role, first, last, email), token in zip(roles, draw_token, strict=True)
    ]


SCRIPT = """
import json, os, sys
import label_studio
sys.path.insert(0, os.path.dirname(label_studio.__file__))
os.environ["DJANGO_SETTINGS_MODULE"] = "core.settings.label_studio"
import django
django.setup()
from organizations.models import Organization
from rest_framework.authtoken.models import Token
from users.models import User
people = json.load(open(sys.argv[1], encoding="utf-8"))
organization = Organization.objects.order_by("id").first()
for person in people:
    user, _ = User.objects.get_or_create(email=person["email"], defaults={"username": person["email"][:30]})
    user.first_name, user.last_name = person["first_name"], person["last_name"]
    if person["password"]:
        user.set_password(person["password"])
    else:
        user.set_unusable_password()
    user.active_organization = organization
    user.save()
    organization.add_user(user)
    Token.objects.filter(user=user).delete()
    if person["token"]:
        Token.objects.create(user=user, key=person["token"])
    person["id"] = user.id
json.dump(people, open(sys.argv[1], "w", encoding="utf-8"))
"""
"""Run by Label Studio's own Python against its data folder: the API cannot set passwords or tokens."""


def write(place: Path, accounts: Sequence[Account]) -> None:
    """Keep the accounts in a file that the owner alone can read."""
    place.touch(mode=0o600)
    place.write_text(json.dumps([asdict(account) for account in accounts]), encoding="utf-8")


def read(place: Path) -> list[Account]:
    """The accounts in a file."""
    return [Account(**account) for account in json.loads(place.read_text(encoding="utf-8"))]
