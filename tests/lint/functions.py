#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long functions are: 95 % under 60 lines, none over 100 (universal-ctags finds them)."""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHORT, LONG, SHARE = 60, 100, 0.95


def lengths(files):
    """(lines, file, line, name) of each function, longest first."""
    if not files:
        return []
    out = subprocess.run(
        ["ctags", "-x", "--languages=C", "--langmap=C:+.h", "--kinds-C=f", "--_xformat=%n\t%{end}\t%N\t%F", *files],
        check=True, capture_output=True, text=True).stdout
    found = []
    for row in out.splitlines():
        begin, end, name, path = row.split("\t")
        found.append((int(end) - int(begin) + 1, path, int(begin), name))
    return sorted(found, reverse=True)


def verdict(found):
    """(short enough on the whole, no giant), and what to say of it."""
    short = sum(1 for lines, *_ in found if lines < SHORT)
    share = short / len(found) if found else 1.0
    return share >= SHARE, not found or found[0][0] <= LONG, share


def sources(top):
    for part in ("lib", "milter", "cli", "tests"):
        for where, _, names in os.walk(os.path.join(top, part)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.join(where, name)


def made_up(*sizes):
    """A file with functions of these many lines, as a list of its functions."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "x.c")
        with open(path, "w", encoding="ascii") as out:
            for i, size in enumerate(sizes):
                out.write(f"void\nf{i}(void)\n{{\n" + "\tg();\n" * (size - 3) + "}\n\n")
        return lengths([path])


def main():
    if shutil.which("ctags") is None:
        print("1..0 # SKIP universal-ctags is not installed")
        return 0
    found = lengths(list(sources(TOP)))
    most, none, share = verdict(found)
    tests = [
        (len(found) > 0, "functions are found"),
        (most, f"{SHARE:.0%} of functions are shorter than {SHORT} lines"),
        (none, f"no function is longer than {LONG} lines"),
        (made_up(30)[0][0] == 30, "lines are counted"),
        (verdict(made_up(101, *[5] * 30))[1] is False, "a function of 101 lines is found"),
        (verdict(made_up(100, *[5] * 30))[1] is True, "one of 100 lines is not"),
        (verdict(made_up(60, *[5] * 10))[0] is False, "one of 11 with 60 lines is too many"),
        (verdict(made_up(60, *[5] * 30))[0] is True, "one of 31 is not"),
    ]
    print(f"# {len(found)} functions, {share:.1%} under {SHORT} lines")
    for lines, path, line, name in found[:8]:
        print(f"# {lines:4d} {os.path.relpath(path, TOP)}:{line} {name}")
    for i, (good, name) in enumerate(tests, 1):
        print(f"{'' if good else 'not '}ok {i} - {name}")
    print(f"1..{len(tests)}")
    return 0 if all(good for good, _ in tests) else 1


sys.exit(main())
