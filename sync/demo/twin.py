"""Is the order exact? Observed on a twin of a review project: ``next`` locks what it serves, so never on the real."""

from ..labelstudio.client import LabelStudio
from ..labelstudio.wire import RemoteTask


def order_is_exact(admin: LabelStudio, reviewer: LabelStudio, review_project: int, queue: list[str]) -> bool:
    """Whether ``next`` serves a twin of the review project in the order of ``queue`` (our keys, most urgent first).

    The twin has the same interface, settings, tasks and predictions; the reviewer skips nothing and answers each
    task. It is deleted afterwards.
    """
    original = admin.project(review_project)
    twin = admin.create_project(
        "Order check (twin)",
        original.label_config,
        sampling=original.sampling,
        maximum_annotations=original.maximum_annotations,
        show_collab_predictions=original.show_collab_predictions,
    )
    try:
        tasks = [task for task in _tasks(admin, review_project) if not task.is_labeled]
        scores = {
            one.task: one.score
            for one in admin.predictions(project=review_project)
            if one.model_version == original.model_version
        }
        bodies = [
            {
                # The key alone: what the task shows does not decide the order.
                "data": {**dict.fromkeys(task.data, ""), "tiebreak_key": task.data["tiebreak_key"]},
                "predictions": [{"result": [], "score": scores.get(task.id), "model_version": original.model_version}],
            }
            for task in tasks
        ]
        admin.import_tasks(twin.id, bodies)
        admin.update_project(twin.id, model_version=original.model_version)
        return served(reviewer, twin.id, len(tasks)) == queue
    finally:
        admin.delete_project(twin.id)


def served(user: LabelStudio, project: int, at_most: int) -> list[str]:
    """Our keys of the tasks that ``next`` serves, one after the other, each being answered."""
    keys: list[str] = []
    while len(keys) <= at_most and (task := user.next_task(project)) is not None:
        keys.append(str(task.data["tiebreak_key"]))
        user.create_annotation(task.id, [], lead_time=1.0)
    return keys


def _tasks(gateway: LabelStudio, project: int) -> list[RemoteTask]:
    found: list[RemoteTask] = []
    while page := gateway.tasks_after(project, found[-1].id if found else 0, 500):
        found += page
    return found
