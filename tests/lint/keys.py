#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every key of the table stands in the manual and, with its default, in the sample file; and
nothing stands there that is no key."""
import os
import re
import sys

TOP = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def table(source):
    """{"section.key": default} of the rows of keys.c."""
    rows = re.findall(r'^\t\{ "([a-z0-9.-]+)", MT_KEY_[A-Z]+, AT\([a-z0-9_.]+\),((?:\s*"[^"]*")+)', source, re.M)
    return {name: "".join(re.findall(r'"([^"]*)"', text)) for name, text in rows}


def strings(source, array):
    return re.findall(r'"([^"]+)"', re.search(array + r"\[\] = \{(.*?)\};", source, re.S).group(1))


def rule_keys(rules, facts):
    """Keys of a rule: those of its own, conditions on values, facts that this build finds out."""
    rows = re.findall(r'\[MT_FACT_[A-Z_]+\] = \{ "([a-z-]+)",(.*?), (true|false) \}', facts, re.S)
    built = {name for name, _, there in rows if there == "true"}
    return set(strings(rules, "rule_keys")) | set(strings(rules, "plain_conditions")) | built


def list_keys(zones):
    """Keys of blocks dnsbl and of the blocks code in them."""
    return {"dnsbl." + key for key in strings(zones, "zone_keys")} | {"code." + key for key in strings(zones, "code_keys")}


def manual_keys(text):
    """{"section.key"} of the items of the manual; those of RULES have the section "rule"."""
    keys, section = set(), None
    for line in text.splitlines():
        if line.startswith(".Sh "):
            section = "rule" if line == ".Sh RULES" else None
        elif line.startswith(".Ss Section "):
            section = line.split()[-1]
        elif line.startswith(".Ss Outside"):
            section = ""
        elif line.startswith(".It Ic ") and section is not None:
            keys.add((section + "." if section else "") + line.split()[2])
    return keys


def normal(value):
    """A value or a list as the table writes it."""
    value = value.strip()
    if value.startswith("{"):
        return " ".join(part.strip().strip('"') for part in value.strip("{}").split(",")).strip()
    return value.strip('"')


def sample_keys(text):
    """{"section.key": value} of a file in which keys stand one a line, with or without '#'."""
    keys, section = {}, ""
    for line in text.splitlines():
        line = re.sub(r"^(\s*)#(?=\s*[a-z}])", r"\1", line)
        opened = re.match(r'\s*([a-z]+)( "[^"]+")? \{$', line)
        item = re.match(r"\s*([a-z0-9-]+) = ([^ ]+|\{.*\}|\".*\")$", line)
        if opened:
            section = opened.group(1)
        elif line.strip() in ("}", "#}"):
            section = ""
        elif item:
            name = (section + "." if section else "") + item.group(1)
            keys.setdefault(name, normal(item.group(2)))
    return keys


def difference(want, have, what):
    return [f"{name} is missing in {what}" for name in sorted(set(want) - set(have))] + \
        [f"{name} in {what} is no key" for name in sorted(set(have) - set(want))]


def defaults(keys, sample):
    """Values of the sample that are not the default; mode is what the file is to say."""
    return [f"{name}: the sample says '{sample[name]}', the default is '{keys[name]}'"
            for name in sorted(keys) if name in sample and sample[name] != keys[name]]


def places(keys, unit, tmpfiles):
    """What the settings write to by default lies in a directory that unit and tmpfiles.d make."""
    wrong = []
    state = re.search(r"^StateDirectory=(.+)$", unit, re.M)
    folder = "/var/lib/" + (state.group(1) if state else "?")
    if os.path.dirname(keys["store.path"]) != folder:
        wrong.append(f"store.path is {keys['store.path']}, and the unit makes {folder}")
    if not re.search(r"^d %s 07[05]0 mailtrace mailtrace " % folder, tmpfiles, re.M):
        wrong.append(f"tmpfiles.d makes no {folder}")
    families = re.search(r"^RestrictAddressFamilies=(.+)$", unit, re.M)
    for family in ("AF_UNIX", "AF_INET", "AF_INET6"):       # of store.redis
        if families and family not in families.group(1).split():
            wrong.append(f"the unit forbids {family}")
    return wrong


def main():
    keys = table(read("lib", "config", "keys.c"))
    rules = {"rule." + key for key in rule_keys(read("lib", "config", "rules.c"), read("lib", "core", "fact.c"))}
    manual = manual_keys(read("man", "mailtrace-milter.conf.5"))
    sample = sample_keys(read("conf", "mailtrace-milter.conf"))
    in_rules = {name.replace("exempt.", "rule.") for name in sample if name.startswith(("rule.", "exempt."))}
    in_sections = {name: value for name, value in sample.items() if not name.startswith(("rule.", "exempt."))}
    every = set(keys) | rules | list_keys(read("lib", "config", "zones.c"))
    tests = [
        ("the table is found", [] if len(keys) > 30 and len(rules) > 8 else [f"{len(keys)} keys, {len(rules)} of rules"]),
        ("the manual holds every key, and no other", difference(every, manual, "the manual")),
        ("the sample holds every key, and no other", difference(every, set(in_sections) | in_rules, "the sample")),
        ("the sample shows the defaults", defaults(keys, in_sections)),
        ("the unit lets the daemon write where the settings say",
         places(keys, read("conf", "mailtrace-milter.service"), read("conf", "mailtrace.tmpfiles"))),
        ("fires: a directory that nobody makes", [] if len(places(
            {"store.path": "/var/lib/x/db"}, "StateDirectory=y\nRestrictAddressFamilies=AF_INET\n",
            "d /var/lib/x 0750 mailtrace mailtrace -")) == 4 else ["silent"]),
        ("fires: a key too few", [] if difference({"a", "b"}, {"a"}, "x") == ["b is missing in x"] else ["silent"]),
        ("fires: a key too many", [] if difference({"a"}, {"a", "b"}, "x") == ["b in x is no key"] else ["silent"]),
        ("fires: another default", [] if len(defaults({"a": "1"}, sample_keys("#a = 2"))) == 1 else ["silent"]),
        ("reads the forms of the sample", [] if sample_keys('s {\n\t#a = { b, "c d" }\n}\n#x = "y"\n# a word = no\n')
         == {"s.a": "b c d", "x": "y"} else ["misread"]),
        ("reads the forms of the manual", [] if manual_keys(".Sh S\n.Ss Section a\n.It Ic b Ar c\n.Sh T\n.It Ic d\n")
         == {"a.b"} else ["misread"]),
    ]
    for number, (name, wrong) in enumerate(tests, 1):
        for line in wrong:
            print("#", line)
        print(f"{'not ' if wrong else ''}ok {number} - {name}")
    print(f"1..{len(tests)}")
    return any(wrong for _, wrong in tests)


if __name__ == "__main__":
    sys.exit(main())
