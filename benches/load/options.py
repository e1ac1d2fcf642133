"""The options of benches/run. Started by it before anything is built, so that a mistake is reported at once."""

import argparse
import shlex
import sys
from pathlib import Path

from report import ROWS

ROOT = Path(__file__).resolve().parents[2]
SMALL = 10_000  # customers that row 12 compares with --large


def rows(text):
    try:
        numbers = {int(row) for row in text.split(",")}
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of row numbers such as 1,3,15")
    unknown = sorted(numbers - ROWS.keys())
    if unknown:
        known = "; ".join(f"{row} {what}" for row, what in ROWS.items())
        raise argparse.ArgumentTypeError(f"there is no row {', '.join(map(str, unknown))}. The rows are: {known}")
    return numbers


def number(least):
    def parse(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number of {least} or more")
        return int(text)

    return parse


def connections(text):
    return sorted({number(1)(count) for count in text.split(",")})


def program(text):
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file '{text}'. Without --program, the program is built")
    return path


def folder(text):
    return Path(text).resolve()


def parse(arguments=None):
    parser = argparse.ArgumentParser(prog="benches/run", description="Measures patron and the databases alone.")
    parser.add_argument("--customers", type=number(1000), default=100_000, help="customers of all rows except 12 (%(default)s)")
    parser.add_argument("--large", type=number(SMALL + 1), default=10_000_000, help=f"customers that row 12 compares with {SMALL} (%(default)s)")
    parser.add_argument("--seconds", type=number(1), default=5, help="length of a round (%(default)s)")
    parser.add_argument("--rounds", type=number(1), default=3, help="rounds of each row (%(default)s)")
    parser.add_argument("--connections", type=connections, default=[1, 4, 16, 64], help="of rows 0 to 3; goals are for 64 (1,4,16,64)")
    parser.add_argument("--mixed", type=number(1), default=300, help="seconds of row 15 (%(default)s)")
    parser.add_argument("--idle", type=number(1), default=10_000, help="idle connections of row 16 (%(default)s)")
    parser.add_argument("--only", type=rows, default=set(), metavar="ROW,ROW…", help="; ".join(f"{row} {what}" for row, what in ROWS.items()))
    parser.add_argument("--program", type=program, help="a release binary of patron; nothing is built")
    parser.add_argument("--keep", type=folder, metavar="FOLDER", help="keeps the PostgreSQL server's data here, so that the customers of row 12 are loaded only once")
    parser.add_argument("--out", type=folder, default=ROOT / "target/bench", help="folder of the results (target/bench)")
    return parser.parse_args(arguments)


def packages(options):
    """The packages that the selected rows need, to be built."""
    if options.program:
        return []
    needed = {"bare-http": 0, "bare-argon2": 7}
    return ["patron"] + [package for package, row in needed.items() if not options.only or row in options.only]


if __name__ == "__main__":
    chosen = parse(sys.argv[1:])
    print(f"packages=({' '.join(packages(chosen))})")
    print(f"keep={shlex.quote(str(chosen.keep or ''))}")
