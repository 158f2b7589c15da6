"""Names beside points: they cross no interval and no other name, wherever the points are."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as some

from sync.dashboard.point_names import Spot, names_beside

WIDTH, HEIGHT, WIDEST = 520.0, 260.0, 110.0


@some.composite
def spots(draw: some.DrawFn) -> Spot:
    top, y, bottom = sorted(draw(some.tuples(*[some.floats(0, HEIGHT)] * 3)))
    return Spot(draw(some.floats(20, 400)), y, top, bottom, draw(some.sampled_from(("Bo", "Amara Okafor", "x" * 40))))


@given(some.lists(spots(), max_size=14))
def test_no_name_crosses_an_interval_or_another_name(found: list[Spot]) -> None:
    names = names_beside(found, WIDTH, HEIGHT, WIDEST)
    boxes = [name.box(WIDEST) for name in names]
    for left, top, right, bottom in boxes:
        assert 0 <= left <= right <= WIDTH
        assert 0 <= top <= bottom <= HEIGHT
        assert not [one for one in found if left < one.x < right and one.top < bottom and top < one.bottom]
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert len({id(name.spot) for name in names}) == len(names) <= len(found)


def test_a_name_stands_to_the_right_of_its_point_else_to_the_left_else_beside_its_interval() -> None:
    ann, bo = Spot(200, 100, 40, 160, "Annabel"), Spot(220, 110, 30, 180, "Bo")
    first, second = names_beside([ann, bo], WIDTH, HEIGHT, WIDEST)
    assert (first.x, first.y, first.align) == (192, 100, "right")
    assert (second.x, second.y, second.align) == (228, 110, "left")
    hemmed = Spot(200, 100, 40, 160, "Annabel")
    walls = [Spot(180, 100, 80, 250, "a"), Spot(220, 100, 80, 250, "b")]
    assert next(one for one in names_beside([hemmed, *walls], WIDTH, HEIGHT, WIDEST)).y == 40 + 30
    assert names_beside([Spot(100, 100, 40, 160, "d" * 90)], 200, HEIGHT, 300) == []
