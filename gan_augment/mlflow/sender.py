"""The thread that sends a run while it is being written."""

from __future__ import annotations

import threading
import time

from gan_augment.mlflow.delivery import Delivery, DeliveryError
from gan_augment.mlflow.servers import is_final, leave_alone
from gan_augment.mlflow.spool import Journal

# Seconds between two deliveries during a training. What a shorter one has logged is
# sent at its end, when nothing else needs the interpreter.
SEND_SECONDS = 5.0
# The most that the end of a fit waits for a server that answers, but slowly.
CLOSE_SECONDS = 30.0
# Before each further try: another process may be making the tables of a SQLite file.
PAUSES = (1.0, 2.0, 4.0, 8.0)


class Sender(threading.Thread):
    """Send a journal while it is being written, and delete it when it has arrived.

    Parameters
    ----------
    journal : Journal
        The journal. It is closed, too, when the thread ends.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(name="gan_augment.mlflow", daemon=True)
        self.delivery: Delivery | None = None
        self._journal = journal
        self._finished = threading.Event()
        self._problem: Exception | None = None

    def run(self) -> None:
        """Send now and then until the run has ended, and then at once."""
        try:
            while not self._finished.wait(SEND_SECONDS):
                self._send()
            for pause in (0.0, *PAUSES):
                time.sleep(pause)
                self._send()
                problem = self._problem
                # The rest may be temporary: another process may be making the tables.
                if problem is None or _is_over(problem):
                    break
        finally:
            if self.delivery is not None and self.delivery.complete:
                self._journal.discard()
            else:
                self._journal.close()

    def finish(self) -> Exception | None:
        """Wait for the last delivery; what went wrong, if something did."""
        self._finished.set()
        self.join(CLOSE_SECONDS)
        if self.is_alive():
            if self.delivery is not None:
                self.delivery.cancelled = True
                if (
                    not self.delivery.run_id
                ):  # MLflow is still asking for the first time
                    uri = self.delivery.tracking_uri
                    leave_alone(uri, f"no answer from {uri} that MLflow accepts")
            return TimeoutError(f"it took more than {CLOSE_SECONDS:.0f} seconds")
        return self._problem

    def _send(self) -> None:
        self._problem = None
        try:
            # Only here: for a SQLite file this makes its tables.
            self.delivery = self.delivery or Delivery(self._journal)
            self.delivery.send()
        except Exception as error:  # whatever a store raises
            self._problem = error


def _is_over(problem: Exception) -> bool:
    """Whether another try soon would fail, too."""
    return isinstance(problem, DeliveryError) or is_final(problem)
