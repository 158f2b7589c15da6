"""A real Label Studio connected to a storage that speaks S3; its files are fetched by presigned addresses."""

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from PIL import Image

from ml_backend.errors import MediaError
from ml_backend.media import Media, of_project
from ml_backend.settings import Settings

from ..conftest import RunningLabelStudio
from .scenes import running
from .test_entrance_with_label_studio import call

pytestmark = pytest.mark.label_studio

NAME = "a picture é.png"
PICTURES = """<View><Image name="shown" value="$image"/>
<Choices name="kind" toName="shown"><Choice value="cat"/><Choice value="dog"/></Choices></View>"""


def a_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (10, 200, 30)).save(file, "PNG")
    return file.getvalue()


class Bucket(BaseHTTPRequestHandler):
    """One bucket with one picture; whoever asks for it must hold an address that was signed."""

    content: ClassVar[bytes] = a_picture()
    signed: ClassVar[int] = 0

    def do_HEAD(self) -> None:
        self._answer(200, b"", "application/xml")

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if unquote(asked.path) != f"/pictures/{NAME}":
            listed = f"<Contents><Key>{NAME}</Key><Size>{len(self.content)}</Size></Contents>"
            said = f"<ListBucketResult><Name>pictures</Name><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"
            self._answer(200, said.encode(), "application/xml")
        elif "Signature" in parse_qs(asked.query) or "X-Amz-Signature" in parse_qs(asked.query):
            type(self).signed += 1
            self._answer(200, self.content, "image/png")
        else:
            self._answer(403, b"", "application/xml")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def bucket() -> Iterator[str]:
    with running(Bucket) as url:
        yield url


def test_pictures_of_a_storage_are_fetched_by_addresses_that_label_studio_signs(
    label_studio: RunningLabelStudio, bucket: str
) -> None:
    project = label_studio.as_("admin").create_project("Pictures", PICTURES, maximum_annotations=1).id
    storage: dict[str, Any] = {
        "project": project,
        "bucket": "pictures",
        "aws_access_key_id": "key",
        "aws_secret_access_key": "secret",
        "s3_endpoint": bucket,
        "region_name": "us-east-1",
        "use_blob_urls": True,
        "presign": True,
    }
    made = call(label_studio, "POST", "storages/s3", storage)
    assert made.status_code == 201, made.text
    assert call(label_studio, "POST", f"storages/s3/{made.json()['id']}/sync").json()["last_sync_count"] == 1
    (task,) = call(label_studio, "GET", f"tasks?project={project}&fields=all").json()["tasks"]
    token = label_studio.person("admin").token
    media = Media(
        Settings(label_studio_url=label_studio.url, label_studio_token=token, media_hosts=("127.0.0.1",)),
    )
    fetch = of_project(media.fetch, f"{project}.1")
    assert fetch(task["data"]["image"]) == Bucket.content  # what Label Studio gives with the task
    assert fetch(f"s3://pictures/{NAME}") == Bucket.content  # what it sends to a backend
    assert Bucket.signed == 2
    media.close()
    stranger = Media(Settings(label_studio_url=label_studio.url, media_hosts=("127.0.0.1",)))
    with pytest.raises(MediaError, match=r"HTTP 40[13]"):
        of_project(stranger.fetch, f"{project}.1")(f"s3://pictures/{NAME}")
    stranger.close()
