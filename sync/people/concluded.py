"""What the last assessment concluded on a control, as it was when it was concluded: it need not be inferred again."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Text, cast, select

from label_config.answers import Answer
from label_config.results import from_canonical

from ..quality.records import AnnotatorQuality, ControlConsensus, TaskConsensus
from ..store.tables import consensus, tasks


def concluded_on(connection: Connection, project: int, control: str, report: Mapping[str, Any]) -> ControlConsensus:
    """The consensus on a control that ``report``, the newest one of a project (the store's key), tells of.

    Of tasks it has answers, posteriors, numbers of annotations and ties, of annotators their quality: what else an
    inference tells is not stored.
    """
    said = report["controls"][control]
    kept = consensus.c
    query = (
        select(kept.task, cast(kept.answer, Text), cast(kept.posterior, Text), kept.annotations, kept.tie)
        .join(tasks, tasks.c.id == kept.task)
        .where(tasks.c.project == project, kept.control == control, kept.source != "withdrawn")
        .order_by(kept.task)
    )
    answers: dict[str, Answer] = {}
    found = []
    for task, text, posterior, annotations, tie in connection.execute(query):
        answer = answers.get(text)
        if answer is None:
            answer = answers[text] = from_canonical(text)
        found.append(TaskConsensus(task, answer, 0.0, json.loads(posterior), annotations, bool(tie)))
    quality = [
        AnnotatorQuality(one["annotator"], one["quality"], one["annotations"], {}, 0.0, 1.0)
        for one in said["reliability"]
        if one["quality"] is not None
    ]
    method = said["consensus"]
    return ControlConsensus(control, method["method"], method["reason"], tuple(found), tuple(quality))
