"""The pages in every state a project can be in, through Flask's client, over a real store and real assessments."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import render_template

from sync.kept_model import keep_model
from sync.settings import Settings
from sync.store.assessments import insert_assessment
from sync.store.lease import beat, model_beat

from .stage import START, Stage, browser, copies, crowd, stage, texts, unmarked

OURS = '<script src="/assets/tiebreak.js" defer></script>'
POLICY_BREAKERS = ("<script", "<style", " style=", " onload=", " onclick=", " onerror=", "javascript:")
VOID = {"meta", "link", "img", "source", "br", "input"}
SKILL = {1: 0.95, 2: 0.9, 3: 0.6}
PEOPLE = {1: "Amara Okafor", 2: "Jonas Weber", 3: "Sofia Rossi"}


class Balance(HTMLParser):
    """Every tag that opens closes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        return None

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(one: Stage, path: str, status: int = 200) -> str:
    reply = browser(one).get(path)
    assert reply.status_code == status
    text = reply.get_data(as_text=True)
    parser = Balance()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    assert not [one for one in POLICY_BREAKERS if one in text.replace(OURS, "").lower()]
    assert "http" not in text.replace(str(Settings().label_studio_url), "").replace("http://www.w3.org", "")
    return unmarked(text)


@pytest.fixture(scope="module")
def put(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Stage]:
    """Three people, 60 of 80 tasks answered, a model, reviews and one ruling."""
    folder = tmp_path_factory.mktemp("labeled")
    one = stage(folder).people(PEOPLE).create(texts(80), overlap=3).answer(crowd(60, SKILL))
    one.assess().score().assess().push()
    ruling = {"label": "neutral", "reviewer": 1, "cause": "guideline gap", "rationale": "Both are praise & complaint."}
    one.rule([ruling]).assess().beat()
    keep_model(one.store, one.key, lambda: START)
    return copies(one, folder)


@pytest.fixture
def labeled(put: Callable[[Path], Stage], tmp_path: Path) -> Stage:
    return put(tmp_path)


def test_no_project_says_how_to_add_one(tmp_path: Path) -> None:
    text = page(stage(tmp_path), "/")
    assert "No project yet" in text
    assert "tiebreak run 7" in text


def test_unknown_project_is_404_and_says_what_to_do(tmp_path: Path) -> None:
    assert "tiebreak run 99" in page(stage(tmp_path), "/projects/99", status=404)


def test_no_assessment_yet(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(5))
    assert "5 tasks read, not assessed yet." in page(one, "/projects/7")
    assert "not assessed yet" in page(one, "/")


def test_nobody_answered(tmp_path: Path) -> None:
    text = page(stage(tmp_path).create(texts(5)).assess(), "/projects/7")
    assert "Nobody has answered yet" in text
    assert "Nothing waits for a decision" in text


def test_one_annotator(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(5))
    text = page(one.answer([(0, 1, "positive"), (1, 1, "negative")]).assess(), "/projects/7")
    assert "Only one person has answered" in text
    assert "Agreement cannot be said yet: no task has answers of two annotators." in text
    assert "<picture>" not in text


def test_no_common_task(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(5))
    text = page(one.answer([(0, 1, "positive"), (1, 2, "negative")]).assess(), "/projects/7")
    assert "No two people have answered the same task" in text
    assert "Who agrees with whom" not in text


def test_one_answer_in_use_has_agreement_but_no_alpha(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(4))
    same = [(place, person, "positive") for place in range(4) for person in (1, 2)]
    text = page(one.answer(same).assess(), "/projects/7")
    assert "Annotators agree on 100 % of answers; beyond chance cannot be said: only one answer is in use" in text


def test_a_labeled_project(labeled: Stage) -> None:
    text = page(labeled, "/projects/7")
    assert '<data value="0.75">75 %</data>' in text
    assert "60 of 80 tasks answered, 180 answers" in text
    assert "/projects/7/annotators?control=sentiment#agreement" in text
    assert f"Who agrees with whom, and how reliable each of {len(PEOPLE)} annotators is" in text
    assert all(name in page(labeled, "/projects/7/annotators") for name in PEOPLE.values())
    assert "tiebreak-3.1" in text
    assert "against 60 answers it has not learned from" in text
    assert "guideline gap · Amara Okafor" in text
    assert "Both are praise &amp; complaint." in text
    assert "] Review: Hotel reviews" in text


def test_the_queue_links_to_the_open_review_else_to_the_source_task(labeled: Stage) -> None:
    text = page(labeled, "/projects/7")
    assert re.search(r"http://localhost:8080/projects/[123]7/data\?task=50", text)
    ruled = text[text.index("Last rulings") :]
    assert "http://localhost:8080/projects/7/data?task=70" in ruled


def test_links_lead_where_peoples_browsers_reach_label_studio(tmp_path: Path) -> None:
    inside, outside = "http://label-studio:8080", "https://labels.example"
    settings = Settings(label_studio_url=inside, label_studio_url_for_people=outside, bootstrap=100)
    one = stage(tmp_path, settings=settings).create(texts(4)).answer([(0, 1, "positive"), (0, 2, "negative")]).assess()
    text = browser(one).get("/projects/7").get_data(as_text=True)
    assert f"{outside}/projects/7/data?task=70" in text
    assert inside not in text


def test_the_list_shows_headline_numbers(labeled: Stage) -> None:
    text = page(labeled, "/")
    assert "Hotel reviews" in text
    assert '<data value="0.75">75 %</data>' in text
    assert "wait for a decision" in text


def test_a_failed_run_is_shown(labeled: Stage) -> None:
    labeled.beat(ok=False, message="Label Studio: no answer <b>")
    assert "The last run failed: Label Studio: no answer &lt;b&gt;" in page(labeled, "/projects/7")
    assert "The last run of Hotel reviews failed" in page(labeled, "/")


def test_what_was_left_out_is_counted_with_its_reason(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(10)).answer(crowd(5, SKILL))
    one.answer([(6, 1, "positive")], was_cancelled=True)
    one.answer([(7, 1, "positive")], rejected="label '<i>' is not in the interface")
    text = page(one.assess(), "/projects/7")
    skipped = re.search(r">Skipped</button>.*?</dt><dd>(.*?)</dd>", text)
    assert skipped is not None
    assert '<data value="1">' in skipped[1]
    assert "label &#39;&lt;i&gt;&#39; is not in the interface" in text


def test_no_backend_and_a_backend_without_a_round_say_what_to_do(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(2)).assess()
    assert "tiebreak-ml serve" in page(one, "/projects/7")
    one.settings = Settings(backend_url="http://localhost:9090")
    assert "No scoring round yet" in page(one, "/projects/7")


def test_everything_that_people_wrote_is_escaped(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'
    one = stage(tmp_path, title=evil).people({1: evil, 2: "\"><img src=x onerror='1'>", 3: "C"})
    one.create([{"text": evil}] * 20, overlap=3).answer(crowd(20, {1: 0.5, 2: 0.5, 3: 0.5})).assess().push()
    one.rule([{"label": evil, "reviewer": 1, "verdict": evil, "cause": evil, "rationale": evil}])
    text = browser(one).get("/projects/7").get_data(as_text=True)
    assert "<script" not in text.replace(OURS, "")
    assert "<img src=x" not in text
    assert text.count("&lt;script&gt;") >= 8
    assert "<script" not in browser(one).get("/").get_data(as_text=True).replace(OURS, "")


def test_only_small_pictures_are_shown_and_nothing_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE)
    data = [
        {"image": "data:image/png;base64,AAAA"},
        {"image": "data:image/png;base64," + "A" * 30_000},
        {"image": 'data:image/png;base64,AA" onerror="alert(1)'},
        {"image": "https://images.example/cats/one.png?token=secret"},
        {"image": "data:image/svg+xml;base64,AAAA"},
    ]
    given = [(place, person, label) for place in range(5) for person, label in ((1, "positive"), (2, "negative"))]
    one.create(data).answer(given)
    text = browser(one.assess()).get("/projects/7").get_data(as_text=True)
    assert text.count('class="thumb"') == 1
    assert "one.png" in text
    assert "secret" not in text
    assert "onerror" not in text


def test_a_wide_matrix_is_cut_and_says_so(tmp_path: Path) -> None:
    people = {number: f"Person {number}" for number in range(1, 31)}
    one = stage(tmp_path).people(people).create(texts(6), overlap=30)
    one.answer([(place, person, "positive" if place % 2 else "negative") for place in range(6) for person in people])
    text = page(one.assess(), "/projects/7/annotators")
    assert "The 16 with the most common tasks; 14 more are in the table of pairs alone." in text
    assert text.count('<td class="shade-5"') == 16 * 15


def test_lists_are_cut_and_say_so(tmp_path: Path) -> None:
    one = stage(tmp_path).people(PEOPLE).create(texts(60), overlap=2)
    one.answer([(place, person, label) for place in range(60) for person, label in ((1, "positive"), (2, "negative"))])
    text = page(one.assess().push(40), "/projects/7")
    assert "The first 12 of 60." in text
    assert "The first 10 of 40." in text


def test_several_controls_name_the_weakest_and_stand_apart(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(2))
    known = {"type": "Choices", "percent_agreement": {"value": 0.9, "n": 9}, "tasks": 9, "annotators": 2}
    report = {
        "controls": {
            "topic": {**known, "krippendorff_alpha": {"value": 0.85, "low": 0.8, "high": 0.9, "n": 9}},
            "tone": {**known, "krippendorff_alpha": {"value": 0.7, "low": -0.1, "high": 0.8, "n": 9}},
        }
    }
    with one.store.begin() as connection:
        insert_assessment(connection, one.key, "hash", report, 1)
    text = page(one, "/projects/7")
    assert "on “tone”, the weakest control: 90 % of answers match, alpha 0.70, 95 % interval −0.10 to 0.80." in text
    report["controls"]["tone"]["type"] = "Rating"
    with one.store.begin() as connection:
        insert_assessment(connection, one.key, "another", report, 2)
    assert "the weakest control: agreement 90 %, alpha 0.70" in page(one, "/projects/7")
    assert '<h3 class="control-name">topic</h3>' in text


def test_a_report_without_anything_is_shown(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(2))
    with one.store.begin() as connection:
        insert_assessment(connection, one.key, "hash", {}, 1)
    assert "No control to assess" in page(one, "/projects/7")
    assert "no control to assess" in page(one, "/")


def test_the_error_page_needs_nothing_but_the_blueprint(tmp_path: Path) -> None:
    with browser(stage(tmp_path)).application.test_request_context("/"):
        text = render_template("error.html", status=503, message="store <b> locked")
    assert "store &lt;b&gt; locked" in text
    assert "Not now" in text


def test_people_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one = stage(tmp_path).people({1: "Ann", 2: "Ann", 3: ""}).create(texts(9), overlap=3).answer(crowd(9, SKILL))
    text = page(one.assess(), "/projects/7/annotators")
    assert "Ann (user1@example.org)" in text
    assert "Ann (user2@example.org)" in text
    assert "user3@example.org" in text


def test_css_and_icon_are_served_and_name_no_other_server(tmp_path: Path) -> None:
    client = browser(stage(tmp_path))
    with client.get("/assets/tiebreak.css") as css:
        assert css.mimetype == "text/css"
        assert "url(" not in css.get_data(as_text=True)
    with client.get("/assets/icon.svg") as icon:
        assert icon.mimetype == "image/svg+xml"


def test_what_a_run_could_not_use_is_shown(labeled: Stage) -> None:
    labeled.beat(message="the ruling on task 9 cannot be used: <why>\nthe ML backend does not answer")
    text = page(labeled, "/projects/7")
    assert "<li>the ruling on task 9 cannot be used: &lt;why&gt;</li>" in text
    assert "<li>the ML backend does not answer</li>" in text
    assert "The last run failed" not in text


def test_an_id_that_no_project_can_have_is_not_there(labeled: Stage) -> None:
    assert browser(labeled).get(f"/projects/{10**23}").status_code == 404


def test_the_model_says_how_good_it_is_what_it_decided_and_what_it_leaves_out(labeled: Stage) -> None:
    text = page(labeled, "/projects/7")
    model = text[text.index('id="model"') :]
    for said in (
        "83 %",
        "[67 %, 92 %]",
        "Measured on the random share",
        "The last version was published: right on 5 holdout answers where tiebreak-2 was not, wrong on 2.",
        "mood: 41 labels saved [12, 70] against choosing by chance",
        "mood: labeling more is unlikely to help",
        "mood: 3 of 54 labeled tasks taught nothing: they could not be read",
    ):
        assert said in model, said


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"metrics": 3}', '{"notes": [1]}', '{"decision": 3, "metrics": {}}'])
def test_what_a_backend_said_that_cannot_be_read_breaks_no_page(labeled: Stage, kept: str) -> None:
    with labeled.store.begin() as connection:
        beat(connection, model_beat(7), 1, True, kept)
    assert 'id="model"' in page(labeled, "/projects/7")
