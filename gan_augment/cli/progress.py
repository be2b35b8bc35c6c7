"""How far a training is, as a bar."""

from __future__ import annotations

from rich.progress import Progress, TaskID

from gan_augment.training.callbacks import Callback


class TrainingBar(Callback):
    """Show every training as a bar of its own with the time that it still takes.

    Parameters
    ----------
    progress : Progress
        Where the bars are.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def on_train_begin(self, max_steps: int) -> None:
        """Add a bar."""
        self._task = self._progress.add_task("Training the GAN", total=max_steps)

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Advance it."""
        if self._task is not None:
            self._progress.update(self._task, completed=epoch["step"])

    def on_train_end(self) -> None:
        """Take it away."""
        if self._task is not None:
            self._progress.remove_task(self._task)
