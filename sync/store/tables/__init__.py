"""The tables. Times are UTC, stored as microseconds since 1970 (integers order and compare the same everywhere).

Nothing that was seen is ever deleted: what Label Studio no longer has gets a ``deleted_at``.
A Label Studio id is unique only together with its ``created_at`` (SQLite reuses ids), so rows have keys of their own.
"""

from .audit import audit_details, audit_events, audit_heads, audit_words, forgotten_people
from .base import metadata
from .judging import assessments, consensus, queue
from .leading import guideline_versions, helpful_rationales, people_decisions, personal_links, queue_decisions
from .packing import changes, judged, packed_answers, touched
from .people import attempts, sessions, tokens, user_projects, users
from .reviewing import corrections, reviews, rulings
from .running import heartbeats, leases, plans, runners
from .scoring import round_scores, round_tasks, rounds, scores
from .source import (
    annotation_versions,
    annotations,
    annotators,
    answers,
    codes,
    interface_periods,
    interfaces,
    projects,
    servers,
    tasks,
)
from .summarising import queue_times, summaries
from .versions import label_confidences, label_contents, label_entries, label_tags, label_versions, restored_labels

__all__ = [
    "annotation_versions",
    "annotations",
    "annotators",
    "answers",
    "assessments",
    "attempts",
    "audit_details",
    "audit_events",
    "audit_heads",
    "audit_words",
    "changes",
    "codes",
    "consensus",
    "corrections",
    "forgotten_people",
    "guideline_versions",
    "heartbeats",
    "helpful_rationales",
    "interface_periods",
    "interfaces",
    "judged",
    "label_confidences",
    "label_contents",
    "label_entries",
    "label_tags",
    "label_versions",
    "leases",
    "metadata",
    "packed_answers",
    "people_decisions",
    "personal_links",
    "plans",
    "projects",
    "queue",
    "queue_decisions",
    "queue_times",
    "restored_labels",
    "reviews",
    "round_scores",
    "round_tasks",
    "rounds",
    "rulings",
    "runners",
    "scores",
    "servers",
    "sessions",
    "summaries",
    "tasks",
    "tokens",
    "touched",
    "user_projects",
    "users",
]
