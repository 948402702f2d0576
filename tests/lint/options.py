#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every option of a manual stands in the program's --help, and the other way round."""
import os
import re
import subprocess
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILT = os.environ.get("top_builddir") or TOP
PAIRS = (("cli/mailtrace", "man/mailtrace.1"), ("milter/mailtrace-milter", "man/mailtrace-milter.8"))


def of_manual(text):
    """The options that have an item of their own (.It Fl x , Fl -long Ar value)."""
    found = set()
    for line in text.splitlines():
        if line.startswith(".It "):
            words = line.split()
            found |= {"-" + words[i + 1] for i, word in enumerate(words[:-1]) if word == "Fl"}
    return found


def of_help(text):
    """The options that --help names anywhere, clusters such as [-qv] taken apart."""
    found = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*|-[A-Za-z])(?![\w-])", text))
    for cluster in re.findall(r"\[-([A-Za-z]{2,})\]", text):
        found |= {"-" + letter for letter in cluster}
    return found


def ask(program):
    done = subprocess.run([os.path.join(BUILT, program), "--help"], capture_output=True, text=True, timeout=30,
                          check=False)
    return done.stdout + done.stderr


def main():
    tests = [
        (of_manual(".It Fl f , Fl -format Ar word\n.Fl x\n.It Ic y\n") == {"-f", "--format"}, "a manual is read"),
        (of_help("usage: x [-yz] [-a]\n  -f, --format WORD  the form (also --as WORD)\n  - or well-known\n") ==
         {"-y", "-z", "-a", "-f", "--format", "--as"}, "a help text is read"),
    ]
    for program, manual in PAIRS:
        with open(os.path.join(TOP, manual), encoding="utf-8") as source:
            written = of_manual(source.read())
        told = of_help(ask(program))
        for more, less, what in ((written, told, f"{program} --help has what {manual} has"),
                                 (told, written, f"{manual} has what {program} --help has")):
            tests.append((bool(more) and more <= less, what))
            if more - less:
                print(f"# missing: {' '.join(sorted(more - less))}")
    for i, (good, name) in enumerate(tests, 1):
        print(f"{'' if good else 'not '}ok {i} - {name}")
    print(f"1..{len(tests)}")
    return 0 if all(good for good, _ in tests) else 1


sys.exit(main())
