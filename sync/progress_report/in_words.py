"""How projects get on, in words: the sentences that the command line and the pages have in common."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..dashboard.wording import coefficient, counted, day, percent

HOURS = 48
"""Up to so many hours a time is told in hours, then in days."""

Numbers = Mapping[str, Any]


def lines(found: Numbers) -> Iterator[str]:
    """The lines that the command shows of a project."""
    one = found["progress"]
    yield from (done(one), pace(one["pace"]), forecast(one["forecast"]))
    yield f"a task, from creation to its last answer: {lead_time(one['lead_times']['tasks'])}"
    yield f"a review, from its beginning to the ruling: {lead_time(one['lead_times']['reviews'])}"
    yield from (f"reviews {line}" for line in waiting(one["waiting"]["reviews"], found["made_at"]))
    yield from (f"queue {line}" for line in waiting(one["waiting"]["queue"], found["made_at"]))
    yield cost(one["cost"])
    for name, control in one["controls"].items():
        yield f"{name}: {agreement(control)}"
        if control["most_confused"] is not None:
            yield f"{name}: {confused(control['most_confused'])}"


def done(one: Numbers) -> str:
    """What is done and what is left.

    >>> done({"progress": {"tasks": 1200, "complete": 900, "answers_left": 350}})
    '900 of 1,200 tasks have all their answers; 350 answers are left'
    """
    counts = one["progress"]
    left = counted(counts["answers_left"], "answer is left", "answers are left")
    return f"{counts['complete']:,} of {counted(counts['tasks'], 'task')} have all their answers; {left}"


def pace(spans: Numbers) -> str:
    """How much came lately.

    >>> pace({"7": {"answers": 70, "completed": 30}, "28": {"answers": 2800, "completed": 900}})
    'in 7 days, with today, 70 answers, 30 tasks completed; in 28 days 2,800 and 900'
    """
    week, month = spans["7"], spans["28"]
    return (
        f"in 7 days, with today, {counted(week['answers'], 'answer')}, "
        f"{counted(week['completed'], 'task')} completed; "
        f"in 28 days {month['answers']:,} and {month['completed']:,}"
    )


def forecast(one: Numbers) -> str:
    """When it will be done.

    >>> day = 86_400_000_000
    >>> forecast({"remaining": 9, "day": 20_001 * day, "low": 20_000 * day, "high": None, "days": 12, "reason": ""})
    'done on 5 Oct 2024, between 4 Oct 2024 and a day years away in 4 of 5 cases, as the last 12 working days go on'
    >>> forecast({"remaining": 9, "day": None, "reason": "fewer than 5 working days"})
    'when it will be done cannot be said: fewer than 5 working days'
    """
    if one["remaining"] == 0:
        return "nothing is left to be answered"
    if one["day"] is None:
        return f"when it will be done cannot be said: {one['reason']}"
    until = "a day years away" if one["high"] is None else date(one["high"])
    between = f"between {date(one['low'])} and {until} in 4 of 5 cases"
    return f"done on {date(one['day'])}, {between}, as the last {counted(one['days'], 'working day')} go on"


def lead_time(one: Numbers) -> str:
    """How long it takes.

    >>> median = {"value": 5.0, "low": 2.0, "high": 80.0, "n": 30, "reason": None}
    >>> lead_time({"median": median, "tenth": 1.0, "ninetieth": 200.0, "waiting": 3})
    'half within 5 hours [2 hours, 3.3 days], nine of ten within 8.3 days (30 over, 3 not)'
    """
    median, counts = one["median"], f"({one['median']['n']:,} over, {one['waiting']:,} not)"
    if median["value"] is None:
        return f"{median['reason']} {counts}"
    bounds = "" if median["low"] is None else f" [{took(median['low'])}, {took(median['high'])}]"
    return f"half within {took(median['value'])}{bounds}, nine of ten within {took(one['ninetieth'])} {counts}"


def waiting(bands: list[Numbers], now: int) -> Iterator[str]:
    """What waits, by band; nothing of bands where nothing does.

    >>> day = 86_400_000_000
    >>> one = {"band": 1, "number": 14, "oldest": 5 * day, "late": 2, "limit": 2.0}
    >>> list(waiting([one], 8 * day))
    ['P1: 14 wait, the oldest 3 days, 2 of them longer than 2 days']
    """
    for one in bands:
        if one["number"]:
            late = f", {one['late']:,} of them longer than {one['limit']:g} days" if one["late"] else ""
            waits = counted(one["number"], "waits", "wait")
            yield f"P{one['band']}: {waits}, the oldest {duration((now - one['oldest']) / 3.6e9)}{late}"


def cost(one: Numbers) -> str:
    """What a label costs.

    >>> money = {"per_label": 3.25, "money": 0.65, "labels": 4, "answers": 9, "reviews": 2, "unknown": 1}
    >>> cost(money)
    'an accepted label costs 3.25 minutes, 0.65 in money (4 labels from 9 answers and 2 rulings; of 1 no time is known)'
    """
    if one["per_label"] is None:
        return f"what a label costs cannot be said: {one['reason']}"
    money = "" if one["money"] is None else f", {one['money']:.2f} in money"
    unknown = f"; of {one['unknown']:,} no time is known" if one["unknown"] else ""
    work = f"{counted(one['answers'], 'answer')} and {counted(one['reviews'], 'ruling')}"
    label = f"{one['per_label']:.2f} minutes{money}"
    return f"an accepted label costs {label} ({counted(one['labels'], 'label')} from {work}{unknown})"


def agreement(control: Numbers) -> str:
    """The agreement on a control and what became of it: alpha, or percent agreement where alpha is undefined.

    >>> alpha = {"value": 0.71, "low": 0.66, "high": 0.75}
    >>> gone = {"direction": "falling", "since": 20_000 * 86_400_000_000, "before": 0.8, "after": 0.6}
    >>> agreement({"krippendorff_alpha": alpha, "trend": {"krippendorff_alpha": gone}})
    'agreement 0.71 [0.66, 0.75], falling since 4 Oct 2024 (0.80 before, 0.60 after)'
    """
    alpha = control["krippendorff_alpha"]
    name, form = ("krippendorff_alpha", coefficient) if alpha["value"] is not None else ("percent_agreement", percent)
    value = control[name]
    if value["value"] is None:
        return f"agreement cannot be said: {value['reason']}"
    bounds = "" if value["low"] is None else f" [{form(value['low'])}, {form(value['high'])}]"
    trend = control["trend"][name]
    if trend["direction"] in (None, "steady"):
        return f"agreement {form(value['value'])}{bounds}; trend: {trend['reason']}"
    levels = f"({form(trend['before'])} before, {form(trend['after'])} after)"
    return f"agreement {form(value['value'])}{bounds}, {trend['direction']} since {date(trend['since'])} {levels}"


def confused(one: Numbers) -> str:
    """The two labels that are taken for each other most often.

    >>> confused({"labels": ["Neutral", "Negative"], "tasks": 14, "of": 90})
    "'Neutral' is confused with 'Negative' on 14 of 90 tasks"
    """
    first, second = one["labels"]
    return f"{first!r} is confused with {second!r} on {one['tasks']:,} of {counted(one['of'], 'task')}"


def date(microseconds: int) -> str:
    """A day (UTC) as people read it.

    >>> date(1_700_000_000_000_000)
    '14 Nov 2023'
    """
    return day(microseconds)


def duration(hours: float) -> str:
    """A time as people read it.

    >>> duration(0.001), duration(0.2), duration(1.0), duration(5.26), duration(96.0)
    ('less than a minute', '12 minutes', '1 hour', '5.3 hours', '4 days')
    """
    if 60 * hours < 1:
        return "less than a minute"
    if hours < 1:
        return counted(round(60 * hours), "minute")
    number, noun = (hours, "hour") if hours < HOURS else (hours / 24, "day")
    text = f"{number:.1f}".removesuffix(".0")
    return f"{text} {noun}" if text == "1" else f"{text} {noun}s"


def took(hours: float) -> str:
    """How long something took that is over, below two minutes to the second.

    >>> took(0.0), took(0.0115), took(0.0333), took(0.2)
    ('0 s', '41 s', '2 minutes', '12 minutes')
    """
    seconds = round(3600 * hours)
    return f"{seconds} s" if seconds < 120 else duration(hours)
