"""For each ready-made interface the data of a task, an answer that a model may suggest, and another one."""

import base64
import io
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw

from label_config.answers import (
    Answer,
    Box,
    Choices,
    Mask,
    Number,
    Polygon,
    Ranking,
    Region,
    Regions,
    Span,
    Taxonomy,
)
from label_config.parse import parse
from label_config.templates import template
from label_config.writing import write_answers

SIZE = (400, 240)
REVIEW = (
    "The room was quiet and the staff remembered our names. 😀 Breakfast ended before the posted time, again. " * 12
)
LIVES = "Ada Lovelace met Charles Babbage in London 😀 in June 1833."


def picture() -> str:
    """A house and a car on a road, as a data: address."""
    image = Image.new("RGB", SIZE, (176, 210, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 150, 400, 240), fill=(120, 160, 90))
    draw.rectangle((60, 80, 150, 170), fill=(170, 80, 60))
    draw.rectangle((230, 140, 320, 175), fill=(40, 60, 140))
    draw.rectangle((0, 200, 400, 225), fill=(90, 90, 90))
    written = io.BytesIO()
    image.save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def spans(**labels: str) -> Regions:
    """Words of ``LIVES`` with their labels."""
    found = [(LIVES.index(words.replace("_", " ")), words, label) for words, label in labels.items()]
    return Regions(tuple(Region(Span(at, at + len(words)), (label,)) for at, words, label in sorted(found)))


def _drawn(shape: Box | Polygon | Mask, label: str) -> Regions:
    return Regions((Region(shape, (label,)),))


TEXT, IMAGE = {"text": REVIEW}, {"image": picture()}
HOUSE = Polygon(((60.0, 84.0), (152.0, 84.0), (152.0, 168.0), (60.0, 168.0)))

TASKS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Answer]]] = {
    "dialogue-classification": (
        {"dialogue": [{"author": ("Customer", "Agent")[turn % 2], "text": REVIEW[: 60 + turn]} for turn in range(12)]},
        {"outcome": Choices(("Solved",))},
    ),
    "digits": (IMAGE, {"digit": Choices(("7",))}),
    "html-classification": (
        {"html": "<h2>Your order</h2>" + "<p>Shoes, 79.00</p>" * 40},
        {"kind": Choices(("Receipt",))},
    ),
    "image-boxes": (IMAGE, {"boxes": _drawn(Box(230.0, 140.0, 90.0, 35.0), "Vehicle")}),
    "image-brush": (IMAGE, {"areas": _drawn(Mask(*SIZE, (200 * 400, 25 * 400, 15 * 400)), "Road")}),
    "image-classification": (IMAGE, {"subject": Choices(("Vehicle",))}),
    "image-multilabel": (IMAGE, {"tags": Choices(("Buildings", "Plants"))}),
    "image-polygons": (IMAGE, {"outlines": _drawn(HOUSE, "Building")}),
    "product-check": (
        {"image": picture(), "text": "A solid oak table, seats six.", "facts": {"price": "120", "width": "180 cm"}},
        {"category": Choices(("Furniture",)), "problems": Choices(("Wrong picture",)), "picture": Number(2.0)},
    ),
    "table-classification": (
        {"record": {"payee": "ACME", "amount": "1,250.00"}},
        {"verdict": Choices(("Suspicious",))},
    ),
    "text-classification": (TEXT, {"sentiment": Choices(("Neutral",))}),
    "text-multilabel": (TEXT, {"topics": Choices(("Quality", "Service"))}),
    "text-number": (TEXT, {"percent": Number(65.0)}),
    "text-pairwise": (
        {"prompt": "What is the capital of Australia?", "first": "Sydney. " * 40, "second": "Canberra. " * 40},
        {"better": Choices(("right",))},
    ),
    "text-ranking": (
        {
            "query": "sort a list",
            "items": [{"id": name, "title": name, "body": REVIEW[:80]} for name in ("a", "b", "c")],
        },
        {"order": Ranking((("order", ("b", "a", "c")),))},
    ),
    "text-rating": (TEXT, {"rating": Number(3.0)}),
    "text-spans": ({"text": LIVES}, {"spans": spans(Ada_Lovelace="Person", London="Place", June_1833="Date")}),
    "text-taxonomy": (TEXT, {"category": Taxonomy((("Billing", "Refund"),))}),
}


def suggestion(name: str) -> list[dict[str, Any]]:
    """What a model suggests for the task, as Label Studio keeps it."""
    return write_answers(parse(template(name)), TASKS[name][1], region_id="suggested", size=SIZE)
