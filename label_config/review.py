"""A source interface -> its review interface, the data of a review task, and the ruling that comes back.

A reviewer sees why the task is here, the task itself, what was answered before (without names), and decides.
"""

import copy
import html
import operator
import re
import reprlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from .answers import Answer, Choices, chosen
from .controls import CONTROLS
from .controls.regions import RELATIONS
from .errors import InterfaceError, ResultError
from .model import Control, LabelConfig
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
GAP = "guideline gap"
CAUSES = ("annotator error", GAP, "ambiguous task", "edge case", "bad data")

_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
_WHY, _EARLIER, _VERDICT, _CAUSE, _RATIONALE = (
    PREFIX + name for name in ("why", "earlier", "verdict", "cause", "rationale")
)
_QUESTIONS = {_VERDICT: VERDICTS, _CAUSE: CAUSES}
_WHERE_BLIND = f"Where no earlier answers are shown, leave this open, unless it {UNDECIDED}."
_CONDITIONS = ("visiblewhen", "whentagname", "whenlabelvalue", "whenchoicevalue", "whenrole")
_ASKED = frozenset(CONTROLS) - {"Chat"}
"""What is asked anew beside the task; a Chat is the task itself."""

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
    """The labeling interface for reviewing ``source``: what annotators saw, with controls of ours beside theirs.

    The source's names, views, headers and styles stay, and so do the conditions under which a control is visible; no
    control is required, because "cannot be decided" must be submittable (read_ruling refuses an empty decision). Nor is
    the verdict: the same interface serves reviews that show no earlier answers, where nobody can know it.
    Raises InterfaceError where the source uses names that begin with ``tiebreak_``.
    """
    for name in (*(shown.name for shown in source.objects), *(control.name for control in source.controls)):
        if name.startswith(PREFIX):
            raise InterfaceError(f"the name {name!r} begins with {PREFIX!r}, which review interfaces need: rename it")
    root = ET.fromstring(source.xml)  # noqa: S314 - parse() has read and checked this text
    view = ET.Element("View", className="tiebreak")
    ET.SubElement(view, "Style").text = STYLE
    why = ET.SubElement(view, "View", className="tiebreak-why")
    ET.SubElement(why, "Header", value="Why this is here", size="5")
    ET.SubElement(why, "Text", name=_WHY, value="$tiebreak_reason", granularity="word")
    columns = ET.SubElement(view, "View", className="tiebreak-columns")
    task = ET.SubElement(columns, "View", className="tiebreak-task")
    task.append(_without_controls(root))
    decide = ET.SubElement(columns, "View", className="tiebreak-decide")
    ET.SubElement(decide, "Header", value="Earlier answers", size="5")
    ET.SubElement(decide, "HyperText", name=_EARLIER, value="$tiebreak_answers", inline="true")
    decide.extend(_decisions(root, source))
    _questions(decide, source.objects[0].name)
    return ET.tostring(view, encoding="unicode")


def _without_controls(element: ET.Element) -> ET.Element:
    """A copy of what shows the task."""
    if element.tag == "HyperText":
        return copy.deepcopy(element)
    shown = ET.Element(element.tag, element.attrib)
    shown.text = element.text
    shown.extend(_without_controls(child) for child in element if child.tag not in _ASKED)
    return shown


def _decisions(element: ET.Element, source: LabelConfig) -> Iterator[ET.Element]:
    """A copy of each control under a title, inside the conditions that make it visible.

    A target that only followed from there being one object is written out: the review has more of them.
    """
    if element.tag in _ASKED:
        control = copy.deepcopy(element)
        control.tail = None
        control.attrib = {
            name: value for name, value in element.items() if name.lower() not in ("required", "requiredmessage")
        }
        if name := element.get("name"):
            control.attrib.setdefault("toName", ",".join(source.control(name).to_names))
        block = ET.Element("View", _conditions(element))
        title = "Your decision" if len(source.controls) == 1 else f"Your decision: {element.get('name', RELATIONS)}"
        ET.SubElement(block, "Header", value=title, size="5")
        block.append(control)
        yield block
    elif element.tag not in ("HyperText", "Style", "Chat"):
        found = [block for child in element for block in _decisions(child, source)]
        repeater = element.tag == "Repeater"
        conditions = dict(element.attrib) if repeater else _conditions(element)
        if found and conditions:
            block = ET.Element("Repeater" if repeater else "View", conditions)
            block.extend(found)
            found = [block]
        yield from found


def _conditions(element: ET.Element) -> dict[str, str]:
    return {name: value for name, value in element.items() if name.lower() in _CONDITIONS}


def _questions(parent: ET.Element, target: str) -> None:
    ET.SubElement(parent, "Header", value="How did you come to it?", size="5")
    ET.SubElement(parent, "Header", value=_WHERE_BLIND, size="6")
    verdict = ET.SubElement(parent, "Choices", name=_VERDICT, toName=target, choice="single-radio")
    for value in VERDICTS:
        ET.SubElement(verdict, "Choice", value=value)
    ET.SubElement(parent, "Header", value="What caused it? (optional)", size="5")
    cause = ET.SubElement(parent, "Choices", name=_CAUSE, toName=target, choice="single", showInline="true")
    for value in CAUSES:
        ET.SubElement(cause, "Choice", value=value)
    ET.SubElement(
        parent,
        "TextArea",
        name=_RATIONALE,
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
    seen: str = "",
) -> dict[str, Any]:
    """The data of a review task: the source task's and ours beside it.

    ``answers`` are (anonymous name, text) pairs; what people wrote is escaped. ``seen`` is HTML that shows them, too
    (``earlier.shown``). Raises ResultError where the
    source data uses our keys.
    """
    if taken := sorted(name for name in source if name.startswith(PREFIX)):
        raise ResultError(f"task {source_task}: its data uses {', '.join(taken)}, which review tasks need")
    return {
        **source,
        KEY: key,
        "tiebreak_reason": reason,
        "tiebreak_answers": _table(answers) + seen,
        "tiebreak_priority": round(priority, 2),
        "tiebreak_source_task": source_task,
    }


def tells_nothing_new(shown: Mapping[str, Any], today: Mapping[str, Any]) -> bool:
    """Whether a review task's data differs from today's in figures alone: the priority, the numbers in the reason.

    >>> tells_nothing_new({"tiebreak_reason": "The model: 87 %."}, {"tiebreak_reason": "The model: 9.5 %."})
    True
    >>> tells_nothing_new({"tiebreak_reason": "Tie: 2 to 2."}, {"tiebreak_reason": "Low agreement: 2 to 1."})
    False
    """
    return _without_figures(shown) == _without_figures(today)


def _without_figures(data: Mapping[str, Any]) -> dict[str, Any]:
    reason = _FIGURES.sub("#", str(data.get("tiebreak_reason")))
    return {**data, "tiebreak_reason": reason, "tiebreak_priority": None}


def _table(answers: Sequence[tuple[str, str]]) -> str:
    cell = '<td style="padding:2px 16px 2px 0">{}</td>'
    rows = "".join(
        "<tr>" + cell.format(html.escape(name)) + cell.format(f"<b>{html.escape(text)}</b>") + "</tr>"
        for name, text in answers
    )
    return f"<table><tbody>{rows}</tbody></table>" if rows else "<i>No earlier answers are shown.</i>"


def read_ruling(source: LabelConfig, result: object, data: Mapping[str, Any] | None = None) -> Ruling:
    """The ruling in a review annotation's result, which may be any JSON; ``data`` is that of its task.

    Where the verdict is "cannot be decided", answers that were chosen beside it do not count. Raises ResultError,
    naming control and region, for answers that do not fit the source interface, for an unknown verdict or cause, and
    where nothing was decided without the verdict saying so.
    """
    if not isinstance(result, list):
        raise ResultError(f"the result is not a list of regions but {type(result).__name__}")
    said = read_answers(_asked(source), [one for one in result if _is_ours(one) and one["from_name"] != _RATIONALE])
    rationale = [text for one in result if _is_ours(one) and one["from_name"] == _RATIONALE for text in _texts(one)]
    verdict, cause = (next(iter(chosen(said.get(name, Choices(())))), None) for name in _QUESTIONS)
    answers: dict[str, Answer] = {}
    if verdict != UNDECIDED:
        decided = own_regions(result)
        answers = read_answers(source, decided, data)
        if not decided:
            raise ResultError(f"nothing was decided, and the verdict is not {UNDECIDED!r}")
    return Ruling(answers, verdict, cause, "\n".join(rationale) or None)


def verdict_of(said: Mapping[str, str], earlier: Sequence[Mapping[str, str]], given: str | None) -> str | None:
    """The verdict that a ruling's canonical answers (by control) speak for, beside those that each annotator gave.

    What was ``given`` stays unless they contradict it: nobody had said anything of it, or one had said all of it.
    Where nothing was given it is null if they do not tell, as where each of two was right on another control.

    >>> verdict_of({"mood": "good"}, [{"mood": "bad"}, {"mood": "good"}], None)
    'one earlier answer is right'
    >>> verdict_of({"mood": "good"}, [{"mood": "bad"}], "one earlier answer is right")
    'none was right'
    >>> verdict_of({"mood": "good"}, [{"mood": "bad"}], "several are acceptable")
    'several are acceptable'
    """
    one, _, none, _ = VERDICTS
    if not said or not earlier or given not in {one, none, None}:
        return given
    right = [{name for name, answer in said.items() if before.get(name) == answer} for before in earlier]
    if given != one and len(said) in map(len, right):
        return one
    if given != none and not any(right):
        return none
    return given


def own_regions(result: Sequence[Any]) -> list[Any]:
    """What a review annotation says about the source's controls, as it was submitted: without our questions."""
    return [region for region in result if not _is_ours(region)]


def without_remarks(result: Any) -> Any:
    """A result without what its author remarked: the rationale of a ruling, and notes on regions.

    What was answered stays. A result without remarks, and what is none, is returned as it is.
    """
    if not isinstance(result, list):
        return result
    kept = [_without_note(region) for region in result if not _is_rationale(region)]
    return kept if len(kept) < len(result) or any(map(operator.is_not, kept, result)) else result


def _is_rationale(region: object) -> bool:
    return _is_ours(region) and region["from_name"] == _RATIONALE


def _without_note(region: Any) -> Any:
    meta = region.get("meta") if isinstance(region, dict) else None
    if not isinstance(meta, dict) or "text" not in meta:
        return region
    return {**region, "meta": {name: value for name, value in meta.items() if name != "text"}}


def _asked(source: LabelConfig) -> LabelConfig:
    """Our own choices as controls."""
    target = (source.objects[0].name,)
    controls = tuple(Control(name, "Choices", target, labels) for name, labels in _QUESTIONS.items())
    return LabelConfig(source.objects, controls, "")


def _is_ours(region: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(region, dict) and str(region.get("from_name")).startswith(PREFIX)


def _texts(region: Mapping[str, Any]) -> list[str]:
    """What the reviewer wrote: Label Studio stores a text or a list of texts."""
    value = region.get("value")
    found = value.get("text") if isinstance(value, dict) else None
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ResultError(f"region {reprlib.repr(region.get('id'))} of control {_RATIONALE!r}: value.text is not text")
    return texts
