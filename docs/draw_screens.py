"""Draw what the command line prints, as SVG: ``python docs/draw_screens.py``."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 88
# The fonts of the reader's machine, and none from elsewhere.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
HELP = ["--help"]
COMPARE = ["compare", "customers.csv", "--target", "churned", "--classifier", "lr"]


def shown_by(arguments: list[str], here: str) -> str:
    """Run a command in a terminal; all that it writes there."""
    environment = os.environ | {
        "COLUMNS": str(WIDTH),
        "FORCE_COLOR": "1",
        "TERMINAL_WIDTH": str(WIDTH),
        "PYTHONPATH": str(HERE.parent),
    }
    ours, its = pty.openpty()
    command = [Path(sys.executable).parent / "gan-augment", *arguments]
    process = subprocess.Popen(
        command, env=environment, cwd=here, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # the command has ended
        pass
    finally:
        process.terminate()
        process.wait()
        os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def screen_at_end(shown: str) -> str:
    """What a terminal shows at the end: of each line what was written to it last."""
    lines = [
        [part for part in line.split("\r") if part.strip()][-1:]
        for line in shown.split("\n")
    ]
    return "\n".join(line[0] if line else "" for line in lines)


def screen_half_way(shown: str) -> str:
    """What a terminal shows when the bar is nearest to the middle."""
    bars = list(re.finditer(r"\r([^\r\n]*?(\d+)%\|[^\r\n]*)", shown))
    middle = min(bars, key=lambda bar: abs(int(bar[2]) - 50))
    before = shown[: bars[0].start()].rpartition("\n")[0]
    return f"{screen_at_end(before)}\n{middle[1]}"


def draw(name: str, arguments: list[str], shown: str) -> None:
    """Draw a screen, the command above it."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(f"$ gan-augment {' '.join(arguments)}", highlight=False)
        console.print(Text.from_ansi(shown.rstrip()))
        console.save_svg(
            str(HERE / f"{name}.svg"), title="gan-augment", code_format=FORMAT
        )


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    from pipelines.front_door import write_customers

    with tempfile.TemporaryDirectory() as here:
        write_customers(Path(here) / "customers.csv", n_rows=600)
        draw("screen-help", HELP, screen_at_end(shown_by(HELP, here)))
        shown = shown_by(COMPARE, here)
        draw("screen-compare", COMPARE, screen_at_end(shown))
        draw("screen-bar", COMPARE, screen_half_way(shown))
