"""Run a function on many inputs in child processes with limits, and say what happened.

A child takes inputs one after the other and answers for each; when one hangs it or
kills it, the next child goes on behind that input. For Linux, whose ``/proc`` tells and
resets the peak of a process's memory.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

# Events of the interpreter that reading an input must not cause: running code, starting
# processes, reaching for the network, changing files.
FORBIDDEN = {
    "exec",
    "marshal.loads",
    "pickle.find_class",
    "ctypes.dlopen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.bind",
    "socket.connect",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "shutil.rmtree",
}
# Those of them that an import causes, too.
OF_IMPORTS = {"exec", "marshal.loads"}
_WRITING = set("wax+")
# The result of an input that was read.
READ = "read"


class Outcome(NamedTuple):
    """What became of one input.

    Parameters
    ----------
    number : int
        Which input it was.
    result : str
        :data:`READ`, the name of the class of the error, ``"hang"`` or ``"died"``.
    detail : str
        The error's message and where it was raised.
    event : str
        The first forbidden event, or an empty string.
    seconds : float
        How long it took.
    megabytes : float
        By how much the child's memory grew, at its peak.
    size : int
        Bytes of the input.
    """

    number: int
    result: str
    detail: str = ""
    event: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0
    size: int = 0


def run_limited(
    prepare: Callable[[int], int],
    read: Callable[[], Any],
    n_inputs: int,
    *,
    max_bytes: int = 2**30,
    max_seconds: float = 60.0,
    may_write: bool = False,
    may_run: Sequence[str] = (),
) -> Iterator[Outcome]:
    """Prepare and read inputs in limited child processes.

    Parameters
    ----------
    prepare : callable
        Makes the input of a number, and returns its size in bytes. It is not watched.
    read : callable
        Reads the input that was made last.
    n_inputs : int
        Number of inputs.
    max_bytes : int, default=2**30
        How much more address space than at its start a child may take.
    max_seconds : float, default=60.0
        How long one input may take.
    may_write : bool, default=False
        Whether files may be written and removed.
    may_run : sequence of str, default=()
        Packages that may import modules and run text that they have written.

    Yields
    ------
    outcome : Outcome
        Of each input, in order.
    """
    waiting = list(range(n_inputs))
    while waiting:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                _work(prepare, read, waiting, writer, max_bytes, may_write, may_run)
            except BaseException:
                traceback.print_exc()
            finally:  # nothing of the parent's is undone here
                os._exit(0)
        os.close(writer)
        try:
            while waiting:
                answer = _receive(reader, max_seconds)
                if isinstance(answer, Outcome):
                    yield answer
                else:
                    yield Outcome(waiting[0], answer, seconds=max_seconds)
                del waiting[0]
                if not isinstance(answer, Outcome):
                    break
        finally:
            os.close(reader)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _work(
    prepare: Callable[[int], int],
    read: Callable[[], Any],
    indices: list[int],
    writer: int,
    max_bytes: int,
    may_write: bool,
    may_run: Sequence[str],
) -> None:
    """What a child does."""
    events: list[str] = []
    watched = [False]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if not watched[0]:
            return
        writes = event == "open" and bool(_WRITING & set(str(arguments[1] or "")))
        if not (event in FORBIDDEN or writes):
            return
        if may_write and (writes or event.startswith(("os.r", "shutil"))):
            return
        if event in OF_IMPORTS and _is_run_by(may_run):
            return
        events.append(f"{event}{arguments!r:.100}")

    sys.addaudithook(watch)
    limit = _memory("VmSize") + max_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for index in indices:
        size = prepare(index)
        events.clear()
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        before, begin = _memory("VmRSS"), time.perf_counter()
        watched[0] = True
        result, detail = READ, ""
        try:
            read()
        except BaseException as error:  # whatever it is, it is the outcome
            result, detail = type(error).__name__, _described(error)
        watched[0] = False
        outcome = Outcome(
            index,
            result,
            detail,
            events[0] if events else "",
            time.perf_counter() - begin,
            (_memory("VmHWM") - before) / 1e6,
            size,
        )
        message = pickle.dumps(outcome)
        os.write(writer, len(message).to_bytes(4, "little") + message)


def _is_run_by(packages: Sequence[str]) -> bool:
    """Whether what runs code now is one of some packages, by itself or by an import."""
    frame: FrameType | None = sys._getframe(2)
    caller = frame
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            caller = frame.f_back
        frame = frame.f_back
    path = Path(caller.f_code.co_filename) if caller is not None else Path()
    return not set(packages).isdisjoint(path.parts)


def _described(error: BaseException) -> str:
    """An error's message, and the last lines of code that it went through."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)
    )
    return f"{str(error)[:300]} @ {where}"


def _memory(name: str) -> int:
    """A line of ``/proc/self/status``, in bytes."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def _receive(reader: int, seconds: float) -> Outcome | str:
    """The next answer of a child, or that it hangs or died."""
    message = b""
    size = 4
    while len(message) < size:
        if not select.select([reader], [], [], seconds)[0]:
            return "hang"
        part = os.read(reader, size - len(message))
        if not part:
            return "died"
        message += part
        if len(message) == 4 == size:
            size += int.from_bytes(message, "little")
    return pickle.loads(message[4:])
