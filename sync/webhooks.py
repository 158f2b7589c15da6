"""Our webhook in Label Studio: a hint that makes the next run come sooner."""

from dataclasses import dataclass

from .labelstudio.client import LabelStudio
from .labelstudio.wire import RemoteWebhook
from .settings import Settings

SECRET_HEADER = "X-Tiebreak-Secret"  # noqa: S105 - the header's name
ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_CREATED",
    "TASKS_DELETED",
    "PROJECT_UPDATED",
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The webhook that a project should have."""

    project: int
    url: str
    secret: str

    def find(self, gateway: LabelStudio) -> list[RemoteWebhook]:
        """Those that are there for our address: there should be one."""
        return [one for one in gateway.webhooks(self.project) if one.url == self.url]

    def is_right(self, found: RemoteWebhook) -> bool:
        """Whether it is switched on and sends our secret."""
        return found.is_active and found.headers.get(SECRET_HEADER) == self.secret

    def ensure(self, gateway: LabelStudio) -> None:
        """Make it, mend it, remove a second one; nothing is sent where all is right."""
        headers = {SECRET_HEADER: self.secret}
        found = self.find(gateway)
        for surplus in found[1:]:
            gateway.delete_webhook(surplus.id)
        if not found:
            gateway.create_webhook(self.url, project=self.project, headers=headers, actions=ACTIONS)
        elif not self.is_right(found[0]):
            gateway.update_webhook(found[0].id, is_active=True, headers=headers)


def webhook(settings: Settings, project: int) -> Webhook | None:
    """What a project (Label Studio's id) should have; null where no public_url is set."""
    if not settings.public_url:
        return None
    return Webhook(project, f"{settings.public_url}/webhook", settings.secret.get_secret_value())
