"""Interfaces of a few controls and results of Label Studio about them, for tests."""

from typing import Any

from label_config.model import LabelConfig
from label_config.parse import parse

OBJECTS = {
    "t": '<Text name="t" value="$t"/>',
    "i": '<Image name="i" value="$i"/>',
    "h": '<HyperText name="h" value="$h"/>',
    "a": '<Audio name="a" value="$a"/>',
    "v": '<Video name="v" value="$v"/>',
    "p": '<Paragraphs name="p" value="$p" textKey="says"/>',
    "s": '<TimeSeries name="s" value="$s" timeFormat="%d.%m.%Y %H:%M"/>',
    "list": '<List name="list" value="$items"/>',
    "pdf": '<Pdf name="pdf" value="$pdf"/>',
    "chat": '<Chat name="chat" value="$chat"/>',
}
AB = '<Label value="A"/><Label value="B"/>'
PIXELS: dict[str, Any] = {"original_width": 200, "original_height": 50, "image_rotation": 0}


def config(about: str, *controls: str) -> LabelConfig:
    """An interface of one object and controls named c, d ... in which {} stands for name and target."""
    named = [
        control.replace("{}", f'name="{chr(ord("c") + place)}" toName="{about}"')
        for place, control in enumerate(controls)
    ]
    return parse(f"<View>{OBJECTS[about]}{''.join(named)}</View>")


def result(about: str, kind: str, value: dict[str, Any], name: str = "c", **other: Any) -> dict[str, Any]:
    return {"id": "r1", "from_name": name, "to_name": about, "type": kind, "value": value, **other}
