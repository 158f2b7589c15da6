"""What the demo is doing, for people who wait: one line a step, a bar where the amount of work is known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

WIDTH = 24

Advance = Callable[[int], None]


class Steps:
    """The steps so far; ``begin`` ends the one before. On a terminal they are drawn, elsewhere printed as lines."""

    def __init__(self, console: Console, bar: Progress | None) -> None:
        self._console = console
        self._bar = bar

    def begin(self, text: str, total: int | None = None) -> Advance:
        """A new step; what it returns is told how much of ``total`` is done."""
        if self._bar is None:
            self._console.print(text, markup=False, soft_wrap=True)
            return lambda _: None
        self.end()
        bar, step = self._bar, self._bar.add_task(text, total=total)
        return lambda amount: bar.advance(step, amount)

    def end(self) -> None:
        """The last step is over."""
        for step in self._bar.tasks if self._bar else ():
            if not step.finished and self._bar:
                done = step.total if step.total is not None else 1
                self._bar.update(step.id, total=done, completed=done)


@contextmanager
def steps(console: Console, *, lines: bool) -> Iterator[Steps]:
    """Show steps on ``console``; where it is no terminal, as lines if ``lines`` says so, else not at all."""
    if not console.is_terminal:
        yield Steps(console if lines else Console(quiet=True), None)
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        _Amount(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        yield Steps(console, bar)


class _Amount(ProgressColumn):
    """A bar with numbers where the amount is known, nothing where it is not."""

    def render(self, task: Task) -> Text:
        """What stands between a step's name and its time."""
        if task.total is None or task.total <= 1:
            return Text("")
        full = round(WIDTH * min(1.0, task.completed / task.total))
        text = Text("━" * full, style="green")
        text.append("━" * (WIDTH - full), style="bright_black")
        return text.append(f" {task.completed:.0f}/{task.total:.0f}", style="default")
