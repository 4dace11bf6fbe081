"""Shows the steps of the walk on the screen: what is being done, then a tick and how long it took."""

import sys
import time
from contextlib import contextmanager

_TTY = sys.stdout.isatty()
_WIDTH = 62  # of titles, so that the durations stand in a column


def _colour(code, text):
    return f"\033[{code}m{text}\033[0m" if _TTY else text


class _Step:
    def __init__(self, title):
        self.title = title
        self.result = ""
        self.started = time.monotonic()
        self._show("…")

    def note(self, text):
        """Says how far the step is; only a terminal shows it, in place of what was said before."""
        self._show("…", f"{text}, {time.monotonic() - self.started:.0f} s")

    def done(self, text):
        """Says what has come out of the step; it stays."""
        self.result = text

    def end(self, mark, code):
        seconds = f"{time.monotonic() - self.started:.1f} s"
        line = f"  {_colour(code, mark)} {self.title:<{_WIDTH}} {_colour(2, f'{seconds:>6}  {self.result}'.rstrip())}"
        print(f"\r\033[K{line}" if _TTY else line, flush=True)

    def _show(self, mark, more=""):
        if _TTY:
            print(f"\r\033[K  {mark} {self.title} {_colour(2, more)}", end="", flush=True)


@contextmanager
def step(title):
    """A step that is ticked off when its block ends, and crossed out when the block raises."""
    current = _Step(title)
    try:
        yield current
    except BaseException:
        current.end("✘", 31)
        raise
    current.end("✔", 32)


def show_table(heading, rows):
    """Prints rows of text below a heading, in columns."""
    widths = [max(len(row[column]) for row in [heading, *rows]) for column in range(len(heading))]
    print()
    for number, row in enumerate([heading, *rows]):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        print("      " + (_colour(1, line) if number == 0 else line))
    print(flush=True)
