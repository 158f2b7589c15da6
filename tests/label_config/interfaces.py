"""Labeling interfaces for tests: written by hand, and generated together with what they mean."""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from hypothesis import strategies as st

from label_config.model import Control
from label_config.parse import parse

SENTIMENT = """<View>
  <Text name="text" value="$text"/>
  <Choices name="tone" toName="text"><Choice value="good"/><Choice value="bad"/></Choices>
  <Choices name="topics" toName="text" choice="multiple">
    <Choice value="food"/><Choice value="price"/><Choice value="staff"/>
  </Choices>
</View>"""

CONFIG = parse(SENTIMENT)
TONE, TOPICS = CONFIG.controls

# What XML 1.0 can hold in an attribute, without "$" (Label Studio reads it as a field of the task).
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="$\ufffe\uffff"), min_size=1, max_size=12
).filter(lambda text: text.strip())
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
DRESS = ["{}", "<View>{}</View>", "<!-- <Choices> -->{}", "<Header value='?'/>{}"]


@dataclass(frozen=True)
class Written:
    """An interface as text, and what it says."""

    xml: str
    objects: tuple[tuple[str, str, str], ...]
    controls: tuple[Control, ...]


@st.composite
def interfaces(draw: st.DrawFn) -> Written:
    """Valid interfaces: objects, Choices with and without aliases, headers, views and comments around them."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    split = draw(st.integers(1, len(names) - 1))
    parts, objects, controls = [], [], []
    for place, name in enumerate(names[:split]):
        tag = draw(st.sampled_from(["Text", "Image", "HyperText", "Audio"]))
        objects.append((name, tag, f"field_{place}"))
        parts.append(f'<{tag} name="{name}" value="$field_{place}"/>')
    for name in names[split:]:
        control = draw(_controls(name, names[:split]))
        controls.append(control)
        parts.append(_xml(control, draw(st.lists(st.booleans(), min_size=len(control.labels)))))
    around = [draw(st.sampled_from(DRESS)) for _ in parts]
    body = "".join(dress.replace("{}", part) for dress, part in zip(around, parts, strict=True))
    return Written(f"<View>{body}</View>", tuple(objects), tuple(controls))


@st.composite
def _controls(draw: st.DrawFn, name: str, targets: list[str]) -> Control:
    labels = draw(st.lists(TEXTS, min_size=1, max_size=6, unique=True))
    to_names = draw(st.lists(st.sampled_from(targets), min_size=1, max_size=2, unique=True))
    return Control(name, "Choices", tuple(to_names), tuple(labels), draw(st.booleans()))


def _xml(control: Control, aliased: list[bool]) -> str:
    choices = "".join(
        f"<Choice value='shown' alias={quoteattr(label)}/>" if alias else f"<Choice value={quoteattr(label)}/>"
        for label, alias in zip(control.labels, aliased, strict=False)
    )
    kind = "multiple" if control.multiple else "single"
    return f'<Choices name="{control.name}" toName="{",".join(control.to_names)}" choice="{kind}">{choices}</Choices>'
