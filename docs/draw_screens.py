"""Draw what the command line prints, as SVG: ``python docs/draw_screens.py``."""

import os
import re
import subprocess
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 88
# The fonts of the reader's machine, and none from elsewhere.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
SCREENS = {
    "screen-help": ["--help"],
}


def draw(name: str, arguments: list[str]) -> None:
    """Run a command, and draw what a terminal would show."""
    environment = os.environ | {
        "COLUMNS": str(WIDTH),
        "FORCE_COLOR": "1",
        "TERMINAL_WIDTH": str(WIDTH),
    }
    shown = subprocess.run(
        [sys.executable, "-m", "gan_augment", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout.replace("python -m gan_augment", "gan-augment")
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(f"$ gan-augment {' '.join(arguments)}", highlight=False)
        console.print(Text.from_ansi(shown.rstrip()))
        console.save_svg(
            str(HERE / f"{name}.svg"), title="gan-augment", code_format=FORMAT
        )


if __name__ == "__main__":
    for name, arguments in SCREENS.items():
        draw(name, arguments)
