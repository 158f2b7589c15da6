"""What people typed commands no terminal: labels, texts and names are shown as they are written, not as they act."""

import io
import json

import pytest
from rich.table import Table

from sync.shown import SafeConsole, visible

from ..evidence.files import MOOD, chosen, given, task, write
from .terminal import Terminal

EVIL = "\x1b[2Jyes\x07\x9b1m\u202e:dog:"
SHOWN = r"\x1b[2Jyes\x07\x9b1m\u202e:dog:"


def printed(what: object, *, markup: bool = True) -> str:
    file = io.StringIO()
    SafeConsole(file=file, width=200).print(what, markup=markup)
    return file.getvalue()


def test_a_text_shows_what_is_in_it() -> None:
    assert visible(EVIL) == SHOWN
    assert (
        visible("plain, ümläut, 日本語, \u0627\u0644, tab\t, line\n")
        == "plain, ümläut, 日本語, \u0627\u0644, tab\t, line\n"
    )


@pytest.mark.parametrize("markup", [True, False])
def test_no_sentence_and_no_cell_commands_the_terminal(markup: bool) -> None:
    table = Table("label")
    table.add_row(EVIL.replace("[", "\\["))
    for text in (printed(EVIL.replace("[", "\\[") if markup else EVIL, markup=markup), printed(table)):
        assert SHOWN in text
        assert not any(character in text for character in "\x1b\x07\x9b\u202e")


OPEN = MOOD.replace('<Choices name="mood"', '<Choices name="mood" value="$labels"')
TASKS = [
    task(
        number,
        [given(10 * number + who, who, chosen(EVIL if who < 3 else "no")) for who in (1, 2, 3)],
        labels=[{"value": EVIL}],
        text=EVIL,
    )
    for number in range(1, 5)
]
"""Whose labels come with the task, so that anything may be one."""


@pytest.mark.parametrize("command", ["consensus", "queue", "agreement", "annotators", "drift"])
def test_no_report_commands_the_terminal(tiebreak: Terminal, command: str) -> None:
    done = tiebreak(*write(tiebreak.folder, TASKS, OPEN, command=command))
    assert done.code == 0, done.err
    assert not any(character in done.out + done.err for character in "\x1b\x07\x9b\u202e")
    if command == "queue":
        assert SHOWN in done.out


def test_a_program_is_given_the_text_itself(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, TASKS, OPEN, command="consensus"), "--json")
    assert [row["answer"] for row in json.loads(done.out)["controls"]["mood"]["tasks"]] == [EVIL] * 4
