"""What Label Studio itself makes of review interfaces and scores."""

import pytest

from label_config.ordering import TASKS, score_from_priority
from label_config.parse import parse
from label_config.review import review_config, review_data

from ..conftest import RunningLabelStudio
from .test_review import DRESSED

pytestmark = pytest.mark.label_studio

NEIGHBOURS = [(1.0, 0), (0.5, 10_000_000), (0.5, 10_000_001), (0.0, 0), (0.0, 1), (0.0, TASKS - 2), (0.0, TASKS - 1)]


def test_a_review_of_a_real_interface_is_created_and_its_scores_stay_apart(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    source = parse(DRESSED)
    project = admin.create_project("Review of a dressed interface", review_config(source))
    typed = [("Answer A", "</td><script>x</script>"), ("Answer B", "$image & 'dog'")]
    data = review_data({"image": "x.png"}, key="k", reason="<b>1</b>", answers=typed, priority=0.5, source_task=1)
    scores = [score_from_priority(priority, task) for priority, task in NEIGHBOURS]
    bodies = [{"data": data, "predictions": [{"result": [], "score": score, "model_version": "v"}]} for score in scores]
    tasks = admin.import_tasks(project.id, bodies)
    stored = {one.task: one.score for one in admin.predictions(project=project.id)}
    assert [stored[task] for task in tasks] == scores == sorted(set(scores))
    assert admin.task(tasks[0]).data == data
    assert admin.project(project.id).label_config == review_config(source)
