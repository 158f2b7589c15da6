"""What every number on the pages means, in one place: a term and one or two sentences for people.

A column or figure that names none of these cannot be made, so no number is shown without its meaning.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """``term`` is what the number is called; ``text`` says what it is, its range, and how to read it."""

    term: str
    text: str


DEFINITIONS = {
    "alpha": Definition(
        "Alpha",
        "Krippendorff's alpha: how far people agree beyond chance. 1 is perfect, 0 is chance, below 0 is worse than "
        "chance. From 0.80 on rely on it, from 0.67 with care.",
    ),
    "kappa": Definition(
        "Kappa",
        "Cohen's kappa of two people on the tasks that both answered: agreement beyond chance. 1 is perfect, 0 is "
        "chance.",
    ),
    "agreement": Definition(
        "Agreement",
        "The mean share of equal answers over all pairs of people on a task; what is marked, rated or written counts "
        "in part. It does not leave chance out.",
    ),
    "reliability": Definition(
        "Right",
        "The estimated share of a person's answers that are right, inferred from who agrees with whom. It is an "
        "estimate, not a test.",
    ),
    "agrees": Definition("Agrees", "The mean agreement of a person with the others on the tasks that they share."),
    "complete": Definition("Complete", "The share of tasks that have every answer they want (annotations per task)."),
    "complete_tasks": Definition("Complete", "Tasks that have as many answers as they want."),
    "partly_tasks": Definition("Partly", "Tasks that have an answer and want another."),
    "untouched_tasks": Definition("To do", "Tasks that nobody has answered."),
    "left_cancelled": Definition("Skipped", "Annotations that somebody skipped."),
    "left_ground_truth": Definition("Ground truth", "Annotations that are known truths: they are nobody's answer."),
    "left_duplicates": Definition(
        "Repeated by the same person", "Annotations of somebody who answered the task once more since: the last counts."
    ),
    "left_anonymous": Definition("Without an author", "Annotations of which Label Studio does not say who gave them."),
    "left_rejected": Definition("Set aside as invalid", "Annotations that the labeling interface does not allow."),
    "tasks": Definition("Tasks", "Tasks that Label Studio has now; deleted ones are left out."),
    "tasks_compared": Definition("Tasks compared", "Tasks with answers of two people or more: only these can agree."),
    "tasks_in_common": Definition("Tasks in common", "Tasks that both people answered."),
    "single": Definition("One answer only", "Tasks with one answer: they say nothing about agreement."),
    "annotators": Definition("Annotators", "People whose answers count."),
    "answers": Definition(
        "Answers", "Annotations that count: not skipped, repeated, unreadable or ground truth; the newest of a person."
    ),
    "queue": Definition(
        "To decide",
        "Entries of the queue: a task and what is asked about it, where a person has to decide, with the reasons, as "
        "the last assessment found them.",
    ),
    "urgent": Definition("Urgent", "Entries of the queue in band P1: what costs most if it is wrong."),
    "priority": Definition(
        "Priority", "How much an entry needs a decision, in [0, 1]: higher needs it more. Bands are cut from it."
    ),
    "entries": Definition("Entries", "Entries of the queue; one can have several reasons."),
    "open_reviews": Definition("Open reviews", "Review tasks that wait in Label Studio, or are on their way there."),
    "ruled": Definition("Ruled", "Tasks that a reviewer has decided."),
    "model_right": Definition(
        "Model agrees",
        "The share of the model's answers that equal the consensus, on answers that it has not learned from: to a task "
        "that it has learned from, the answer is that of a model that was learned without it (cross-validation).",
    ),
    "model_accuracy": Definition(
        "Accuracy",
        "The share of the model's answers that are the label of the task: what a ruling or a ground truth says, else "
        "the consensus. Only of tasks that it has not learned from: the random share (holdout), or, while that is "
        "small, by cross-validation.",
    ),
    "model_change": Definition(
        "Change",
        "Accuracy of this version minus that of the version before. Each was measured while it was live, on answers "
        "that may differ: what is smaller than the intervals says little.",
    ),
    "model_paired": Definition(
        "On the same tasks",
        "Accuracy of this version minus that of the version before, both asked about the same tasks of the random "
        "share before it was published. Where the whole interval is above 0 it is better, below 0 worse.",
    ),
    "corrections_count": Definition("Corrections", "Corrections that a lead applied and did not undo."),
    "labels_saved": Definition(
        "Labels saved",
        "How many labels fewer it took to reach the accuracy of the random share's labels, because the model chose the "
        "tasks. Where the whole interval is above 0 that is proven. As measured by “tiebreak-ml proof”.",
    ),
    "curve_labels": Definition("Labels", "How many labels the model has learned from, at this point of the curve."),
    "curve_accuracy": Definition(
        "Is right",
        "The share of the random share's answers on which models of so many labels are right. Chosen labels are in the "
        "order in which they were given; random ones are the mean of 20 draws. The interval is a bootstrap.",
    ),
    "majority": Definition(
        "Most frequent answer", "The share that is right where every task gets the most frequent answer."
    ),
    "proof_chosen": Definition("Chosen", "Answers to tasks that the model chose: what the proof compares."),
    "proof_random": Definition(
        "Random share", "Answers to tasks of the random share, which teach the control group and test both."
    ),
    "drift_p": Definition(
        "Chance",
        "How probable so much change or more is where nothing changed, corrected for all tests of the report (Holm). "
        "At 0.05 and below it is called a change.",
    ),
    "drift_effect": Definition(
        "Size",
        "How large the change is, by the measure of its test: 0 is none. A small one can be sure where there are many "
        "tasks. Sizes of different tests cannot be compared.",
    ),
    "drift_before": Definition("Tasks before", "Tasks on the earlier side of the moment."),
    "drift_after": Definition("Tasks since", "Tasks on the later side of the moment."),
    "ece": Definition(
        "Calibration error",
        "Expected calibration error: how far the model's confidence is from the share that is right, on average. "
        "0 is honest, 0.05 is good.",
    ),
    "measured_on": Definition("Measured on", "Answers that the figures beside it were measured on."),
    "trained_labels": Definition(
        "Learned from", "Answers that the live model has learned from; the random share is not among them."
    ),
    "scored": Definition("Scored", "When the model scored the open tasks last."),
    "rounds": Definition("Rounds", "How often this version scored the open tasks of the project."),
    "decided_before": Definition(
        "Decided before it", "Rulings and corrections that came since the version before, which this one could learn."
    ),
    "own_confidence": Definition("Confidence", "How sure the model says that it is of these answers, on average."),
    "bin_bounds": Definition("Confidence from, to", "Answers whose confidence is within these bounds."),
    "gaps": Definition(
        "Open gaps", "Rulings whose cause is a gap in the guidelines, and that no published change has touched since."
    ),
    "guideline_entries": Definition("Entries", "Terms that a version of the guidelines explains."),
    "guideline_version": Definition("Version", "Its number; 1 is the first. A version never changes."),
    "touched": Definition(
        "Touched rulings",
        "Valid rulings that the entries that changed since the last published version are about: when it is published "
        "they come back for review.",
    ),
    "week": Definition("Week from", "The Monday (UTC) that the week begins with."),
    "rulings_count": Definition("Rulings", "Rulings that no later one replaced."),
    "label_version": Definition("Version", "Its number in the project; 1 is the first. It never changes."),
    "version_tasks": Definition("Tasks", "Tasks that the version holds."),
    "version_labels": Definition("Labels", "Labels that the version holds: one for each task and control."),
    "label_confidence": Definition("Certain", "The probability that the label is right, as that version had it."),
    "changes": Definition("Changes", "Changes of this kind from the one version to the other."),
    "audit_event": Definition("Event", "The number of the event in the store's audit chain: 1 is the first."),
    "audit_events": Definition("Events", "Events of the audit chain, of all projects."),
    "events_checked": Definition(
        "Newest checked", "The newest events whose hashes were computed anew for this page, back from the chain's head."
    ),
    "week_number": Definition(
        "In the last seven days",
        "What came on the day of the report, until it was written, and on the six days before; days are those of UTC.",
    ),
    "assessed": Definition("Assessed", "When agreement, consensus and the queue were computed last."),
    "entry_since": Definition(
        "Waits since", "When the entry was first seen in the queue, without a break since; seen at the end of each run."
    ),
    "entry_place": Definition("Place", "The place in the queue, by priority; 1 is the most urgent."),
    "entry_severity": Definition(
        "Severity", "By this finding alone, how probable it is that the answer is wrong, in [0, 1]."
    ),
    "entry_weight": Definition("Weight", "How far the policy believes this kind of finding, in [0, 1]."),
    "entry_adds": Definition(
        "Adds",
        "What it adds to the priority; all of them add up to it. Findings that are the same evidence count once, by "
        "the strongest.",
    ),
    "entry_wrong": Definition(
        "Wrong",
        "The probability that the probable answer is wrong, by all that was found: it is right only if every "
        "finding is mistaken.",
    ),
    "entry_importance": Definition(
        "Matters", "What a mistake on this answer matters, by the policy: 1 for the most important label."
    ),
    "entry_answers": Definition("Answers", "How many people gave this answer, of those whose answers count."),
    "entry_confidence": Definition(
        "Certain", "How probable the answer is, by the consensus or by the model; people are not asked."
    ),
    "answer_seconds": Definition("Seconds", "How long the answer took, as Label Studio measured it."),
    "state": Definition(
        "State", "What a project needs most, by its alarms, its last run and what is left to be answered."
    ),
    "alarms": Definition(
        "Alarms",
        "What a person should look at: a failed run, falling agreement, late reviews, a model out of step, or that no "
        "process looks after the project and it was not run for a day.",
    ),
    "pace": Definition(
        "Answers in 7 days",
        "Answers that came today, as far as it has come, and on the 6 days before; days are those of UTC.",
    ),
    "pace_month": Definition(
        "Answers in 28 days", "Answers that came today and on the 27 days before; days are those of UTC."
    ),
    "answers_left": Definition("Answers left", "Answers that are missing until every task has as many as it wants."),
    "forecast": Definition(
        "Done by",
        "The day of the last answer that is wanted, if the coming days are like the last six weeks. In 4 of 5 cases it "
        "lies within the bounds; holidays and tasks that are added are not foreseen.",
    ),
    "late_reviews": Definition("Late reviews", "Reviews that waited longer than the setting review_days allows."),
    "oldest_review": Definition("Oldest review", "Since when the oldest open review waits."),
    "task_time": Definition(
        "A task takes",
        "Hours from the creation of a task to the last answer that it wants: the median of those that are complete. "
        "What still waits is left out.",
    ),
    "review_time": Definition(
        "A review takes",
        "Hours from the beginning of a review to the first ruling that counts: the median of those that were ruled. "
        "What still waits is left out.",
    ),
    "label_cost": Definition(
        "A label costs",
        "Minutes of work, answers and rulings, for each label that was accepted: decided, or concluded with nothing "
        "left to review.",
    ),
    "label_money": Definition("In money", "What an accepted label costs at the setting hourly_cost."),
    "day": Definition("Day", "A day of UTC."),
    "day_answers": Definition("Answers", "What one person said on one task, by the day of its last change."),
    "day_completed": Definition("Tasks completed", "Tasks that got the last answer that they want on that day."),
    "day_left": Definition(
        "Answers left", "Answers that were missing at the end of the day, by the overlaps of today."
    ),
    "day_forecast": Definition(
        "Likely, earliest, latest", "Straight lines from what is left today to the days of the forecast."
    ),
    "task_agreement": Definition(
        "Agreement of the task", "The mean over all pairs of its answers of how far they are the same, in [0, 1]."
    ),
    "tasks_here": Definition("Tasks", "Tasks with answers of two people or more whose agreement is within the bounds."),
    "label_alpha": Definition(
        "Alpha of the label",
        "Krippendorff's alpha of whether an answer has the label or not: agreement beyond chance, 1 is perfect. Of "
        "regions, of those with the label.",
    ),
    "label_agreement": Definition(
        "Agreement on the label", "The share of pairs of answers to one task of which both have the label, or neither."
    ),
    "label_answers": Definition("Answers", "Answers of the period that have the label."),
    "confused_tasks": Definition(
        "Confused on", "Tasks to which one person gave the one label, not the other, and another person the reverse."
    ),
    "confused_of": Definition("Of", "Tasks with two answers or more to which anybody gave either label."),
    "confused_share": Definition("Share", "The tasks on which the two labels were confused, of those with either."),
    "last_run": Definition("Last run", "When the loop last ended for the project, well or not."),
    "known_until": Definition(
        "Known until", "Up to when every change in Label Studio is in the store. It stands still where nobody works."
    ),
    "next_run": Definition("Next run", "When it is run next at the latest: a webhook makes it sooner."),
    "lag": Definition("Since the last run", "How long ago the loop last ended for the project, in seconds."),
    "failed_in_a_row": Definition("Failures", "Runs that failed since one succeeded."),
    "last_hint": Definition(
        "Last hint", "When Label Studio last told of a change by webhook, or somebody asked for a look."
    ),
    "runners": Definition("At work", "Processes that look after projects and were seen in the last 30 seconds."),
    "failing": Definition("Failing", "Projects whose last run failed."),
    "overdue_runs": Definition("Overdue", "Projects that should have been run a minute ago, and nobody is at it."),
    "found_wrong": Definition("To mend", "What “tiebreak doctor” found to be wrong when it last looked."),
    "log_ended": Definition("Ended", "When the run ended; of several that found nothing new the last one."),
    "log_runs": Definition("Runs", "Runs in a row that found nothing new; 1 for every other run."),
    "log_seconds": Definition("Took", "Seconds of all steps of the run together; of several runs those of the last."),
    "step_times": Definition("Times", "How often this step ended, since it was first counted."),
    "step_failures": Definition("Failed", "How often it failed."),
    "step_mean": Definition("Mean", "Seconds that it takes on average."),
    "step_seconds": Definition("In all", "Seconds that it took in all."),
    "right_share": Definition(
        "Reliability",
        "The probability that an answer of this person is right, drawn to everybody's where there is little data. Two "
        "people whose intervals overlap cannot be told apart.",
    ),
    "gold_share": Definition(
        "On known truths", "The share of their answers that are right on tasks with a ruling or a ground truth."
    ),
    "with_others": Definition(
        "With the others",
        "Agreement with the probable answer of the others, without this person. It is no truth: who alone is right "
        "looks wrong.",
    ),
    "with_self": Definition(
        "With themselves", "How like their own answers are on tasks that they answered more than once; 1 is the same."
    ),
    "acceptance": Definition(
        "Accepted",
        "The share of their answers that are the label that stands now: of a ruling, a ground truth, or a consensus. "
        "Drawn to everybody's where there are few.",
    ),
    "first_pass": Definition(
        "At first pass",
        "The share of the same answers that stand without any review of the task. Drawn to everybody's where there "
        "are few.",
    ),
    "lead_seconds": Definition(
        "Seconds", "The median time of an answer, as Label Studio measured it; tabs left open hardly count in it."
    ),
    "pace_ratio": Definition(
        "Beside the others", "Their time beside that of the others on the same tasks: 0.5 is twice as fast, 1 is alike."
    ),
    "too_fast": Definition(
        "Too fast",
        "The share of answers under half a second, or faster than the text can be read (1,000 words a minute).",
    ),
    "streak": Definition(
        "Longest run",
        "Answers in a row that a ruling, a ground truth or clear others confirm. What nothing clear speaks about "
        "neither goes on with a run nor ends it. An exact count.",
    ),
    "streak_now": Definition("Run now", "The run of confirmed answers that goes on at their last answer."),
    "confirmable": Definition("Can be confirmed", "Answers about which something clear speaks: these make the runs."),
    "improvement": Definition(
        "Improvement",
        "The share of right answers in the second half of their work less that in the first, drawn to no change. Sure "
        "only where the whole interval is above 0.",
    ),
    "p_value": Definition(
        "Chance", "How probable this or more is in usual work, corrected for everybody who was looked at."
    ),
    "seen_answers": Definition("Answers behind it", "Answers that it was counted from."),
    "changed_people": Definition(
        "Changed", "People from some time on whose agreement, speed or answers are others than before."
    ),
    "signalled": Definition(
        "Signals", "People with a reason to look at how they work. It proves nothing, and nobody is blocked by it."
    ),
    "paused_people": Definition(
        "Paused", "People whose new answers are sent for review, since a lead decided so. Label Studio blocks nobody."
    ),
    "speed_accuracy": Definition(
        "Speed against accuracy",
        "Rank correlation of time and reliability over people (Spearman). Above 0: who takes longer is more reliable. "
        "It says nothing about any one of them.",
    ),
    "confusion_expected": Definition(
        "Answers",
        "The expected number of answers with this label, where the others or a known truth make that one probable.",
    ),
    "confusion_share": Definition("Share", "Of their answers on tasks with that probable label."),
    "bias_given": Definition(
        "Given", "The mean of what they answer: of a label, the share of their answers that have it."
    ),
    "bias_expected": Definition("Expected", "What the others and known truths lead to expect on the same tasks."),
    "bias_difference": Definition("Difference", "Given less expected, with its interval."),
    "helpful_marks": Definition("Marks", "Leads who found this reason worth reading."),
    "place": Definition(
        "Place",
        "One more than how many are surely better; who cannot be told apart shares a place. By reliability alone.",
    ),
    "own_answers": Definition("Your answers", "Annotations of yours that count: not skipped, repeated or unreadable."),
    "own_with_others": Definition(
        "With the others",
        "Agreement of your answers with the probable answer of the others, without you. It is no truth: who alone is "
        "right looks wrong.",
    ),
    "own_gold": Definition(
        "On known truths", "The share of your answers that are right on tasks with a ruling or a ground truth."
    ),
    "own_with_self": Definition(
        "With yourself", "How like your own answers are on tasks that you answered more than once; 1 is the same."
    ),
    "own_acceptance": Definition(
        "Accepted",
        "The share of your answers that are the label that stands now: of a ruling, a ground truth, or a consensus. "
        "Drawn to everybody's where there are few.",
    ),
    "own_streak_now": Definition("Run now", "The run of confirmed answers that goes on at your last answer."),
    "own_improvement": Definition(
        "Improvement",
        "The share of right answers in the second half of your work less that in the first, drawn to no change. Sure "
        "only where the whole interval is above 0.",
    ),
    "own_same": Definition(
        "Like the ruling",
        "Of your answers to tasks that a reviewer decided, the share that is as the ruling says. Mostly what is "
        "disputed is decided, so that it is lower than it would be on all your answers.",
    ),
    "start": Definition("From", "The beginning of the period, by the time of each task's last answer."),
    "end": Definition("To", "The end of the period, which is not part of it."),
}


def definition(key: str) -> Definition:
    """The definition of that key. Raises ValueError for one that is not written yet."""
    try:
        return DEFINITIONS[key]
    except KeyError:
        raise ValueError(f"no definition {key!r}: write it in sync/dashboard/definitions.py") from None
