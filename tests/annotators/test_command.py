"""``tiebreak annotators`` on the terminal: columns that say something, and a line for each thing to talk about."""

from typing import Any

from ..evidence.files import chosen, given, moods, task, write
from ..sync.terminal import Terminal

SAID = {
    number: {person: "yes" if number % 2 or person == 5 else "no" for person in range(1, 6)} for number in range(80)
}
"""Of five people who answer 80 tasks the last one says yes to everything."""


def shown(tiebreak: Terminal, tasks: list[dict[str, Any]]) -> str:
    done = tiebreak(*write(tiebreak.folder, tasks, command="annotators"))
    assert done.code == 0, done.err
    return done.out


def test_a_bias_towards_one_of_two_labels_is_one_line(tiebreak: Terminal) -> None:
    lines = [line.strip() for line in shown(tiebreak, moods(SAID)).splitlines() if "share of" in line]
    (line,) = lines
    said = line.replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith(
        "annotator 5: share of 'yes' is 100 % where 50 % is to be expected (80 tasks, by chance less"
    )


def test_a_signal_is_a_sentence_with_its_number(tiebreak: Terminal) -> None:
    (line,) = [line.strip() for line in shown(tiebreak, moods(SAID)).splitlines() if "constant" in line]
    assert line.startswith(
        "annotator 5: constant: the same answer again and again, where the others vary; the length of the run is 80, "
    )


def test_columns_that_say_nothing_of_anybody_are_left_out(tiebreak: Terminal) -> None:
    assert "on truths" not in shown(tiebreak, moods(SAID))
    known = task(900, [given(901, 1, chosen("yes")), given(902, 9, chosen("yes"), ground_truth=True)])
    head, first = shown(tiebreak, [*moods(SAID), known]).splitlines()[2:4]
    assert head.split() == "annotator answers reliability interval with others on truths".split()
    assert first.split()[0] == "5" and first.split()[-1] == "–"


def test_who_is_compared_with_nobody_has_the_reason_in_place_of_columns(tiebreak: Terminal) -> None:
    said = shown(tiebreak, moods({1: {1: "yes"}, 2: {2: "no"}}))
    assert said.splitlines()[2].split() == ["annotator", "answers"]
    assert "How reliable they are cannot be said: nobody else answered any of their tasks" in said
