"""The JSON of the report: its keys exactly, its values by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync.agreement.as_json import dumped

from ..evidence.files import FOUR, chosen, given, moods, task, write
from ..sync.terminal import Terminal

ESTIMATE = {"value", "low", "high", "reason"}


def report(tiebreak: Terminal, tasks: object, *options: str, xml: str = "") -> Any:
    done = tiebreak(*write(tiebreak.folder, tasks, *([xml] if xml else [])), "--json", "--bootstrap", "50", *options)
    assert done.code == 0, done.err

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(done.out, parse_constant=refuse)


def test_the_keys_are_those_of_the_contract(tiebreak: Terminal) -> None:
    found = report(tiebreak, FOUR)
    assert set(found) == {"controls", "overall", "excluded"}
    assert set(found["excluded"]) == {"cancelled", "ground_truth", "duplicates", "single", "rejected"}
    one = found["controls"]["mood"]
    assert set(one) == set(
        """type distance tasks annotators annotations coefficients labels pairs matching ground_truth model cuts
        tasks_detail""".split()
    )
    assert all(set(estimate) == ESTIMATE for estimate in one["coefficients"].values())
    assert {"krippendorff_alpha", "percent_agreement", "fleiss_kappa", "gwet_ac1"} <= set(one["coefficients"])
    assert list(one["labels"]) == ["yes", "no"]
    assert all(set(label) == {"krippendorff_alpha", "annotations"} for label in one["labels"].values())
    assert set(one["pairs"][0]) == set(
        "annotators tasks percent_agreement low high cohen_kappa cohen_kappa_low cohen_kappa_high".split()
    )
    assert set(one["annotators"][0]) == set("annotator annotations agreement low high self_agreement".split())
    assert set(one["tasks_detail"][0]) == {"task", "annotations", "agreement"}
    assert set(one["cuts"]) == {"day", "week"}
    assert set(one["cuts"]["day"]["2026-03-02"]) == {"tasks", "krippendorff_alpha", "percent_agreement"}


def test_the_values_are_those_computed_by_hand(tiebreak: Terminal) -> None:
    found = report(tiebreak, FOUR)
    one = found["controls"]["mood"]
    assert (one["type"], one["distance"], one["tasks"], one["annotations"]) == ("Choices", "nominal", 4, 7)
    assert one["coefficients"]["percent_agreement"]["value"] == pytest.approx(2 / 3)
    assert one["coefficients"]["krippendorff_alpha"]["value"] == pytest.approx(4 / 9)
    # On the three common tasks one says yes twice, the other once: 2/3 * 1/3 + 1/3 * 2/3 would match by chance.
    assert one["pairs"][0]["cohen_kappa"] == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert one["pairs"][0]["annotators"] == [1, 2]
    assert one["pairs"][0]["tasks"] == 3
    assert {label: one["labels"][label]["annotations"] for label in ("yes", "no")} == {"yes": 4, "no": 3}
    assert [(person["annotator"], person["annotations"]) for person in one["annotators"]] == [(1, 4), (2, 3)]
    assert one["annotators"][0]["agreement"] == pytest.approx(2 / 3)
    assert [(detail["task"], detail["agreement"]) for detail in one["tasks_detail"]] == [
        (1, 1),
        (2, 1),
        (3, 0),
        (4, None),
    ]
    assert found["overall"]["agreement"] == pytest.approx(2 / 3)
    assert found["excluded"]["single"] == 1


def test_what_is_left_out_is_counted_and_named(tiebreak: Terminal) -> None:
    tasks = [
        task(
            1,
            [
                given(1, 1, chosen("no"), updated_at="2026-03-02T09:00:00Z"),
                given(2, 1, chosen("yes")),
                given(3, {"id": 2, "email": "b@example.com"}, chosen("yes")),
                given(4, 3, [], was_cancelled=True),
                given(5, 3, chosen("no"), ground_truth=True),
                given(6, None, chosen("yes")),
                given(7, 4, chosen("maybe")),
                given(8, 5, ["no region"]),
            ],
        ),
        task(2, [given(9, 1, chosen("no"))]),
    ]
    found = report(tiebreak, tasks)
    out = found["excluded"]
    assert (out["cancelled"], out["ground_truth"], out["duplicates"], out["single"]) == (1, 1, 1, 1)
    assert [one["annotation"] for one in out["rejected"]] == [6, 7, 8]
    assert "maybe" in out["rejected"][1]["reason"]
    one = found["controls"]["mood"]
    assert one["annotations"] == 3
    assert one["coefficients"]["percent_agreement"]["value"] == 1
    assert one["annotators"][0]["self_agreement"] == 0
    assert one["ground_truth"] == {"annotations": 2, "agreement": 0}


def test_ground_truth_counts_as_an_answer_when_asked_for(tiebreak: Terminal) -> None:
    tasks = [task(1, [given(1, 1, chosen("yes")), given(2, 2, chosen("no"), ground_truth=True)])]
    found = report(tiebreak, tasks, "--include-ground-truth")
    assert found["excluded"]["ground_truth"] == 0
    assert found["controls"]["mood"]["annotations"] == 2
    assert found["controls"]["mood"]["ground_truth"] is None


def test_imported_annotations_that_leave_nothing_are_offered_back(tiebreak: Terminal) -> None:
    tasks = [task(1, [given(n, n, chosen("yes"), ground_truth=True) for n in (1, 2)])]
    done = tiebreak(*write(tiebreak.folder, tasks), "--json")
    assert done.code == 0
    assert "--include-ground-truth" in done.err
    assert json.loads(done.out)["controls"]["mood"]["coefficients"]["percent_agreement"]["value"] is None


def test_the_same_seed_gives_the_same_report_and_another_one_other_intervals(tiebreak: Terminal) -> None:
    tasks = moods({n: {1: "yes" if n % 3 else "no", 2: "yes" if n % 2 else "no"} for n in range(1, 41)})
    first, again, other = (report(tiebreak, tasks, "--seed", seed) for seed in ("7", "7", "8"))
    assert first == again
    alpha = [one["controls"]["mood"]["coefficients"]["krippendorff_alpha"] for one in (first, other)]
    assert alpha[0]["value"] == alpha[1]["value"]
    assert alpha[0]["low"] != alpha[1]["low"]


def test_cuts_by_a_field_and_by_time(tiebreak: Terminal) -> None:
    tasks = moods({1: {1: "yes", 2: "yes"}, 2: {1: "no", 2: "yes"}})
    tasks[0]["data"]["source"], tasks[1]["data"]["source"] = "web", 3
    tasks[1]["annotations"][0]["updated_at"] = "2026-03-09T00:00:00Z"
    cuts = report(tiebreak, tasks, "--by", "source")["controls"]["mood"]["cuts"]
    assert {value: cut["percent_agreement"]["value"] for value, cut in cuts["source"].items()} == {"web": 1, "3": 0}
    assert {value: cut["tasks"] for value, cut in cuts["week"].items()} == {"2026-W10": 1, "2026-W11": 1}


def test_models_are_compared_with_people(tiebreak: Terminal) -> None:
    lines = [
        {"task": 1, "control": "mood", "version": "v1", "answer": "yes"},
        {"task": 2, "control": "mood", "version": "v1", "probabilities": {"yes": 0.9, "no": 0.1}},
    ]
    (tiebreak.folder / "model.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    model = report(tiebreak, FOUR, "--predictions", "model.jsonl")["controls"]["mood"]["model"]
    assert model == {"v1": {"annotations": 4, "agreement": 0.5}}


def test_weights_of_controls_and_of_labels(tiebreak: Terminal) -> None:
    xml = """<View><Text name="text" value="$text"/>
    <Choices name="mood" toName="text"><Choice value="yes"/><Choice value="no"/></Choices>
    <Choices name="tone" toName="text"><Choice value="loud"/><Choice value="soft"/></Choices></View>"""
    tasks = moods({1: {1: "yes", 2: "yes"}, 2: {1: "no", 2: "yes"}})
    for one in tasks:
        for annotation in one["annotations"]:
            annotation["result"] += chosen("loud", control="tone")

    def overall(*options: str) -> float:
        value: float = report(tiebreak, tasks, *options, xml=xml)["overall"]["agreement"]
        return value

    assert overall() == pytest.approx(3 / 4)
    assert overall("--weight", "mood=3") == pytest.approx((3 * 0.5 + 1) / 4)
    # The pair that agrees weighs 1, the one that does not (1 + 3) / 2.
    assert overall("--label-weight", "mood:no=3", "--weight", "tone=0") == pytest.approx(1 / 3)
    assert overall("--label-weight", "mood:no=1") == pytest.approx(3 / 4)


def test_one_control_of_several_has_the_same_numbers(tiebreak: Terminal, tmp_path: Path) -> None:
    xml = """<View><Text name="text" value="$text"/>
    <Choices name="tone" toName="text"><Choice value="loud"/></Choices>
    <Choices name="mood" toName="text"><Choice value="yes"/><Choice value="no"/></Choices></View>"""
    every, one = report(tiebreak, FOUR, xml=xml), report(tiebreak, FOUR, "--control", "mood", xml=xml)
    assert list(one["controls"]) == ["mood"]
    assert one["controls"]["mood"] == every["controls"]["mood"]
    assert every["controls"]["tone"]["annotations"] == 0
    assert all(estimate["reason"] for estimate in every["controls"]["tone"]["coefficients"].values())


def test_coefficients_that_are_asked_for_stand_beside_the_agreement(tiebreak: Terminal) -> None:
    found = report(tiebreak, FOUR, "--coefficient", "gwet_ac1", "--coefficient", "icc_1")
    assert list(found["controls"]["mood"]["coefficients"]) == ["percent_agreement", "gwet_ac1", "icc_1"]
    assert found["overall"]["agreement"] == pytest.approx(2 / 3)
    for shown in ((), ("--csv",), ("--html", "page.html")):
        done = tiebreak(*write(tiebreak.folder, FOUR), "--coefficient", "gwet_ac1", *shown)
        assert done.code == 0, done.err


def test_without_resamples_there_are_no_intervals_and_a_reason(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, FOUR), "--json", "--bootstrap", "0")
    alpha = json.loads(done.out)["controls"]["mood"]["coefficients"]["krippendorff_alpha"]
    assert alpha["value"] == pytest.approx(4 / 9)
    assert alpha["low"] is None
    assert "resamples" in alpha["reason"]


def test_documents_are_printed_as_json_prints_them() -> None:
    found = {"a": [{"b": [1, 2]}, {}], "c": {"d": {"e": "\u00e9"}}, "f": None}
    assert json.loads(dumped(found)) == found
    with pytest.raises(ValueError, match="JSON"):
        dumped({"a": [float("nan")]})


def test_a_pair_and_the_control_have_one_kappa(tiebreak: Terminal) -> None:
    """Two annotators of ordered answers: linear weights on both, by hand 1 - 0.8 / 1.84."""
    xml = '<View><Text name="text" value="$text"/><Rating name="s" toName="text" maxRating="5"/></View>'
    region = {"id": "r", "from_name": "s", "to_name": "text", "type": "rating"}
    stars = [(1, 1), (2, 3), (4, 2), (5, 5), (3, 4)]
    tasks = [
        task(
            number,
            [
                given(10 * number + person, person, [{**region, "value": {"rating": star}}])
                for person, star in enumerate(both, 1)
            ],
        )
        for number, both in enumerate(stars, 1)
    ]
    control = json.loads(tiebreak(*write(tiebreak.folder, tasks, xml), "--json", "--bootstrap", "0").out)["controls"][
        "s"
    ]
    wanted = 1 - (sum(abs(a - b) for a, b in stars) / 5) / (sum(abs(a - b) for a, _ in stars for _, b in stars) / 25)
    assert control["coefficients"]["cohen_kappa"]["value"] == pytest.approx(wanted)
    assert control["pairs"][0]["cohen_kappa"] == pytest.approx(wanted)
