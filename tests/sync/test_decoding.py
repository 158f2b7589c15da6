"""By which interface a result is read: checked against a plain account of who can have seen what."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.decoding import decoder
from sync.store.interfaces import Period

LABELS = "abc"


def interface(label: str, others: str = "") -> str:
    choices = "".join(f'<Choice value="{one}"/>' for one in dict.fromkeys(label + others))
    return (
        '<View><Text name="text" value="$text"/><Choices name="mood" toName="text">'
        f'{choices}<Choice value="always"/></Choices></View>'
    )


def periods(*given: tuple[int, str]) -> list[Period]:
    return [Period(10 + place, place + 1, xml, since, since) for place, (since, xml) in enumerate(given)]


def result(label: str) -> list[dict[str, object]]:
    return [{"id": "r", "from_name": "mood", "to_name": "text", "type": "choices", "value": {"choices": [label]}}]


def read_by(known: list[Period], label: str, at: int) -> int | None:
    """The interface that the result was read by; null where it was set aside."""
    said = decoder(known)(result(label), {}, at)
    return said.interface if said.rejected is None else None


def test_the_interface_of_the_time_decides() -> None:
    known = periods((0, interface("a")), (100, interface("b")), (200, interface("c")))
    assert [read_by(known, "a", at) for at in (1, 100, 101, 201)] == [10, 10, None, None]
    assert [read_by(known, "b", at) for at in (1, 100, 101, 200, 201)] == [11, 11, 11, 11, None]
    # The one there is now may have been mended for what did not fit.
    assert [read_by(known, "c", at) for at in (1, 101, 201)] == [12, 12, 12]
    assert [read_by(known, "always", at) for at in (1, 100, 101, 200, 201)] == [10, 10, 11, 11, 12]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    data=st.data(),
    labels=st.lists(st.sampled_from(LABELS), min_size=1, max_size=4),
    steps=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    at=st.integers(1, 9),
)
def test_what_somebody_can_have_seen_is_valid_and_of_the_rest_only_what_is_valid_now(
    data: st.DataObject, labels: list[str], steps: list[int], at: int
) -> None:
    times = [0]
    for step in steps[1 : len(labels)]:
        times.append(times[-1] + step)
    known = periods(*((time, interface(label)) for time, label in zip(times, labels, strict=True)))
    label = data.draw(st.sampled_from(LABELS))
    # Seen between the newest change before it was noticed and the newest change before the next one was.
    ends = [*times[1:], 10**9]
    begins = [0, *times[:-1]]
    seen = {
        one.label_config
        for one, begin, end in zip(known, begins, ends, strict=True)
        if begin < at <= end or (begin < at and one is known[0] and at <= end)
    }
    fits = {one.label_config for one in known if one.label_config == interface(label)}
    valid = read_by(known, label, at) is not None
    assert not valid or fits & (seen | {known[-1].label_config})
    surely = [one for one, begin, end in zip(known, times, ends, strict=True) if begin < at <= end]
    assert valid or not any(one.label_config in fits for one in surely)


def test_an_old_interface_that_this_version_cannot_read_is_passed_over() -> None:
    known = periods((0, "<View><Unheard-of/>"), (100, interface("b")))
    assert read_by(known, "b", 50) == 11
    assert read_by(known, "a", 50) is None
