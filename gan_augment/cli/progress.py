"""How far a training is, as a bar."""

from __future__ import annotations

from typing import Any

from rich.progress import Progress, TaskID

from gan_augment.events import Listener, Task


class TrainingBar(Listener):
    """Show every training as a bar of its own with the time that it still takes.

    Parameters
    ----------
    progress : Progress
        Where the bars are.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[Task, TaskID] = {}

    def on_progress(self, task: Task, kind: str, value: Any) -> None:
        """Add a bar when the steps are known, and advance it."""
        if kind == "steps":
            bar = self._progress.add_task("Training the GAN", total=value)
            self._bars[task] = bar
        elif kind == "epoch" and task in self._bars:
            self._progress.update(self._bars[task], completed=value["step"])

    def on_end(self, task: Task) -> None:
        """Take it away."""
        if task in self._bars:
            self._progress.remove_task(self._bars.pop(task))
