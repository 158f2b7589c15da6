"""Vectors of tasks: what is read, what is counted, and what is refused by its line."""

from pathlib import Path

import pytest

from sync.evidence.vectors import VectorsError, read_vectors


def written(folder: Path, *lines: str) -> Path:
    place = folder / "vectors.jsonl"
    place.write_text("\n".join(lines), encoding="utf-8")
    return place


def test_the_last_line_on_a_task_counts_and_tasks_that_nobody_answered_are_counted(tmp_path: Path) -> None:
    place = written(
        tmp_path,
        '{"task": 1, "vector": [1, 2.5]}',
        "",
        '{"task": 9, "vector": [3, 4]}',
        '{"task": 1, "vector": [5, 6], "model": "any"}',
    )
    found = read_vectors(place, [1, 2, 3])
    assert {task: vector.tolist() for task, vector in found.of.items()} == {1: [5.0, 6.0]}
    assert list(found.notes()) == [
        "1 vector is of tasks that nobody here answered: left out.",
        "2 answered tasks have no vector.",
    ]
    assert list(read_vectors(place, [1, 9]).notes()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1]", "line 2: not an object; expected"),
        ("{", "line 2: not JSON: "),
        ('{"task": "a", "vector": [1, 2]}', "line 2: task is 'a', not the id of a task"),
        ('{"task": true, "vector": [1, 2]}', "line 2: task is True"),
        ('{"task": 2}', "line 2: vector is None, not a list of numbers"),
        ('{"task": 2, "vector": []}', "line 2: vector is []"),
        ('{"task": 2, "vector": [1, "x"]}', "line 2: number 2 of the vector is 'x', not a finite number"),
        ('{"task": 2, "vector": [NaN, 1]}', "line 2: number 1 of the vector is nan, not a finite number"),
        ('{"task": 2, "vector": [1, 1e400]}', "line 2: number 2 of the vector is inf"),
        ('{"task": 2, "vector": [1, 2, 3]}', "line 2: the vector has 3 numbers and that of line 1 has 2"),
    ],
)
def test_what_is_no_vector_is_refused_by_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(VectorsError) as refused:
        read_vectors(written(tmp_path, '{"task": 1, "vector": [1, 2]}', line), [1])
    assert said in str(refused.value)
    assert "vectors.jsonl" in str(refused.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"gone\.jsonl: cannot be read"):
        read_vectors(tmp_path / "gone.jsonl", [])
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(VectorsError, match=r"not UTF-8 at byte 0: is it JSONL\?"):
        read_vectors(tmp_path / "bytes", [])
