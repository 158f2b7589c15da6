"""``tiebreak queue`` on an export: corrections are shown, and hints stand on the terminal alone."""

from ..evidence.files import MOOD, chosen, given, moods, task, write
from ..sync.terminal import Terminal

SAME = "The staff remembered our names and the room was quiet."
ALIKE = [
    task(one["id"], one["annotations"], text=SAME)
    for one in moods({number: dict.fromkeys((1, 2, 3), "no" if number == 5 else "yes") for number in range(1, 6)})
]
"""Five tasks that show the same, of which the last one is answered otherwise."""


def test_corrections_are_shown_by_group(tiebreak: Terminal) -> None:
    lines = tiebreak(*write(tiebreak.folder, ALIKE, command="queue")).out.splitlines()
    at = lines.index("  corrections that are proposed")
    assert lines[at + 1].split() == "group control change level tasks such as found by".split()
    row = lines[at + 2].split()
    assert (row[1:5], row[-3:]) == (["mood", "no", "->", "yes"], ["1", "5", "near_duplicate_conflict"])


def test_a_hint_is_no_note_beside_the_document(tiebreak: Terminal) -> None:
    command = write(tiebreak.folder, ALIKE, command="queue")
    assert "--predictions FILE.jsonl gives them" in tiebreak(*command).out
    done = tiebreak(*command, "--json")
    assert (done.code, done.err) == (0, "")


def test_a_task_counts_once_for_each_control(tiebreak: Terminal) -> None:
    xml = MOOD.replace(
        "</View>", '<Choices name="tone" toName="text"><Choice value="yes"/><Choice value="no"/></Choices></View>'
    )
    people = [given(who, who, chosen(said) + chosen(said, control="tone")) for who, said in ((1, "yes"), (2, "no"))]
    lines = tiebreak(*write(tiebreak.folder, [task(1, people)], xml, command="queue")).out.splitlines()
    heads = lines.index("  what is to be done") + 1
    assert [line.split()[:2] for line in lines[heads : heads + 2]] == [["action", "entries"], ["relabel", "2"]]
