"""A source interface -> its review interface, the data of a review task, and the ruling that comes back.

A reviewer sees why the task is here, the task itself, what was answered before (without names), and decides.
"""

import html
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InterfaceError, ResultError
from .model import Answer, LabelConfig
from .parse import OBJECT_TAGS
from .results import read_answers

PREFIX = "tiebreak_"
KEY = "tiebreak_key"
VERDICTS = (
    "one earlier answer is right",
    "several are acceptable",
    "none was right",
    "cannot be decided",
)
UNDECIDED = "cannot be decided"
CAUSES = ("annotator error", "guideline gap", "ambiguous task", "edge case", "bad data")

STYLE = """
  .tiebreak { max-width: 960px; margin: 0 auto; }
  .tiebreak-why { border-left: 4px solid #b3261e; background: rgba(179, 38, 30, 0.08); padding: 8px 16px;
                  border-radius: 4px; margin-bottom: 16px; }
  .tiebreak-columns { display: flex; flex-wrap: wrap; gap: 32px; align-items: flex-start; }
  .tiebreak-task { flex: 1 1 320px; min-width: 0; }
  .tiebreak-decide { flex: 1 1 360px; min-width: 0; }
"""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a reviewer decided. ``answers`` is empty and ``verdict`` says so where nothing could be decided."""

    answers: Mapping[str, Answer]
    verdict: str | None
    cause: str | None
    rationale: str | None


def review_config(source: LabelConfig) -> str:
    """The labeling interface for reviewing ``source``: its objects and controls under the same names, and ours.

    Raises InterfaceError where the source uses names that begin with ``tiebreak_``.
    """
    for name in (*(shown.name for shown in source.objects), *(control.name for control in source.controls)):
        if name.startswith(PREFIX):
            raise InterfaceError(f"the name {name!r} begins with {PREFIX!r}, which review interfaces need: rename it")
    view = ET.Element("View", className="tiebreak")
    ET.SubElement(view, "Style").text = STYLE
    why = ET.SubElement(view, "View", className="tiebreak-why")
    ET.SubElement(why, "Header", value="Why this is here", size="5")
    ET.SubElement(why, "Text", name="tiebreak_why", value="$tiebreak_reason", granularity="word")
    columns = ET.SubElement(view, "View", className="tiebreak-columns")
    task = ET.SubElement(columns, "View", className="tiebreak-task")
    decide = ET.SubElement(columns, "View", className="tiebreak-decide")
    for element in ET.fromstring(source.xml).iter():  # noqa: S314 - parse() has read and checked this text
        if element.tag in OBJECT_TAGS:
            task.append(_alone(element))
    ET.SubElement(decide, "Header", value="Earlier answers", size="5")
    ET.SubElement(decide, "HyperText", name="tiebreak_earlier", value="$tiebreak_answers", inline="true")
    for element in ET.fromstring(source.xml).iter():  # noqa: S314
        if element.get("name") in {control.name for control in source.controls}:
            title = "Your decision" if len(source.controls) == 1 else f"Your decision: {element.get('name')}"
            ET.SubElement(decide, "Header", value=title, size="5")
            # Not required: "cannot be decided" must be submittable. read_ruling sets an empty decision aside.
            for attribute in ("required", "requiredMessage"):
                element.attrib.pop(attribute, None)
            decide.append(element)
    _questions(decide, source.objects[0].name)
    return ET.tostring(view, encoding="unicode")


def _alone(element: ET.Element) -> ET.Element:
    """The object without what it contains."""
    return ET.Element(element.tag, element.attrib)


def _questions(parent: ET.Element, target: str) -> None:
    ET.SubElement(parent, "Header", value="How did you come to it?", size="5")
    verdict = ET.SubElement(
        parent,
        "Choices",
        name="tiebreak_verdict",
        toName=target,
        choice="single-radio",
        required="true",
        requiredMessage="Say how your decision relates to the earlier answers.",
    )
    for value in VERDICTS:
        ET.SubElement(verdict, "Choice", value=value)
    ET.SubElement(parent, "Header", value="What caused it? (optional)", size="5")
    cause = ET.SubElement(parent, "Choices", name="tiebreak_cause", toName=target, choice="single", showInline="true")
    for value in CAUSES:
        ET.SubElement(cause, "Choice", value=value)
    ET.SubElement(
        parent,
        "TextArea",
        name="tiebreak_rationale",
        toName=target,
        placeholder="Why? One sentence helps the next annotator. (optional)",
        rows="2",
        maxSubmissions="1",
        editable="true",
    )


def review_data(
    source: Mapping[str, Any],
    *,
    key: str,
    reason: str,
    answers: Sequence[tuple[str, str]],
    priority: float,
    source_task: int,
) -> dict[str, Any]:
    """The data of a review task: the source task's and ours beside it.

    ``answers`` are (anonymous name, text) pairs; what people wrote is escaped. Raises ResultError where the
    source data uses our keys.
    """
    if taken := sorted(name for name in source if name.startswith(PREFIX)):
        raise ResultError(f"task {source_task}: its data uses {', '.join(taken)}, which review tasks need")
    return {
        **source,
        KEY: key,
        "tiebreak_reason": reason,
        "tiebreak_answers": _table(answers),
        "tiebreak_priority": round(priority, 6),
        "tiebreak_source_task": source_task,
    }


def _table(answers: Sequence[tuple[str, str]]) -> str:
    cell = '<td style="padding:2px 16px 2px 0">{}</td>'
    rows = "".join(
        "<tr>" + cell.format(html.escape(name)) + cell.format(f"<b>{html.escape(text)}</b>") + "</tr>"
        for name, text in answers
    )
    return f"<table><tbody>{rows}</tbody></table>" if rows else "<i>No earlier answers are shown.</i>"


def read_ruling(source: LabelConfig, result: object) -> Ruling:
    """The ruling in a review annotation's result.

    Raises ResultError, naming control and region, for answers that do not fit the source interface, for an unknown
    verdict or cause, and where nothing was decided without the verdict saying so.
    """
    if not isinstance(result, list):
        raise ResultError(f"the result is not a list of regions but {type(result).__name__}")
    ours = {name: _value(result, name) for name in ("tiebreak_verdict", "tiebreak_cause", "tiebreak_rationale")}
    for name, known in (("tiebreak_verdict", VERDICTS), ("tiebreak_cause", CAUSES)):
        if ours[name] is not None and ours[name] not in known:
            raise ResultError(f"control {name!r}: {ours[name]!r} is none of: {', '.join(known)}")
    undecided = ours["tiebreak_verdict"] == UNDECIDED
    rest = [region for region in result if not _is_ours(region)]
    answers = {} if undecided else read_answers(source, rest)
    if not answers and not undecided:
        raise ResultError(f"nothing was decided, and the verdict is not {UNDECIDED!r}")
    return Ruling(answers, ours["tiebreak_verdict"], ours["tiebreak_cause"], ours["tiebreak_rationale"])


def _is_ours(region: object) -> bool:
    return isinstance(region, dict) and str(region.get("from_name", "")).startswith(PREFIX)


def _value(result: list[Any], name: str) -> str | None:
    """The choice or the text that the reviewer gave in one of our controls."""
    parts: list[str] = []
    for region in result:
        if not (isinstance(region, dict) and region.get("from_name") == name):
            continue
        value = region.get("value")
        found = (value.get("choices") or value.get("text")) if isinstance(value, dict) else None
        parts += [found] if isinstance(found, str) else [str(text) for text in found or ()]
    return "\n".join(parts) or None
