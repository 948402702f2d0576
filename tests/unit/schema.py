#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Reports against the JSON Schema that is installed, and the schema against the code.

Knows as much of JSON Schema (draft 2020-12) as the file uses, and refuses a word that it
does not know, so that no rule goes unchecked."""
import json
import os
import re
import subprocess
import sys

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "required", "properties",
         "items", "enum", "const", "pattern", "minimum", "maximum", "anyOf"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
count = failed = 0


def ok(good, name):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)


def is_type(value, name):
    if name in ("integer", "number"):
        kinds = int if name == "integer" else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


class Checker:
    def __init__(self, schema):
        self.schema = schema
        self.faults = []

    def fault(self, path, text):
        self.faults.append("%s: %s" % (path or "(whole)", text))

    def check(self, rule, value, path=""):
        unknown = set(rule) - KNOWN
        if unknown:
            raise ValueError("unknown words in the schema: %s" % unknown)
        if "$ref" in rule:
            self.check(self.schema["$defs"][rule["$ref"].split("/")[-1]], value, path)
        if "anyOf" in rule and not any(self.holds(r, value) for r in rule["anyOf"]):
            self.fault(path, "%r fits no alternative" % value)
        if "type" in rule:
            names = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
            if not any(is_type(value, n) for n in names):
                self.fault(path, "%r is not %s" % (value, rule["type"]))
                return
        if "enum" in rule and value not in rule["enum"]:
            self.fault(path, "%r is not one of %s" % (value, rule["enum"]))
        if "const" in rule and value != rule["const"]:
            self.fault(path, "%r is not %r" % (value, rule["const"]))
        if isinstance(value, str) and "pattern" in rule and not re.search(rule["pattern"], value):
            self.fault(path, "%r does not match %s" % (value, rule["pattern"]))
        if is_type(value, "number"):
            if value < rule.get("minimum", value) or value > rule.get("maximum", value):
                self.fault(path, "%r is out of range" % value)
        if isinstance(value, dict):
            self.check_object(rule, value, path)
        if isinstance(value, list) and "items" in rule:
            for i, item in enumerate(value):
                self.check(rule["items"], item, "%s[%d]" % (path, i))

    def check_object(self, rule, value, path):
        for key in rule.get("required", ()):
            if key not in value:
                self.fault(path, "%s is missing" % key)
        for key, item in value.items():
            if key in rule.get("properties", {}):
                self.check(rule["properties"][key], item, path + "." + key)

    def holds(self, rule, value):
        other = Checker(self.schema)
        other.check(rule, value)
        return not other.faults


def undescribed(schema, rule, value, path=""):
    """Keys that the schema does not name, or that stand in another order than in it."""
    if "$ref" in rule:
        rule = schema["$defs"][rule["$ref"].split("/")[-1]]
    if isinstance(value, dict):
        order = [k for k in rule.get("properties", {}) if k in value]
        if list(value) != order:
            yield "%s: keys are %s" % (path, list(value))
        for key in order:
            yield from undescribed(schema, rule["properties"][key], value[key], path + "." + key)
    if isinstance(value, list) and "items" in rule:
        for item in value:
            yield from undescribed(schema, rule["items"], item, path + "[]")


def faults(schema, document):
    checker = Checker(schema)
    checker.check(schema, document)
    return checker.faults


def spoil(document, path, value):
    """A copy with another value at the path; None as the path's last step takes it out."""
    copy = json.loads(json.dumps(document))
    *steps, last = path
    at = copy
    for step in steps:
        at = at[step]
    if value is KeyError:
        del at[last]
    else:
        at[last] = value
    return copy


SPOILT = [
    ("another schema", ["schema"], "mailtrace/2"),
    ("a level that is none", ["verdict", "level"], "evil"),
    ("no checks", ["checks"], KeyError),
    ("a state that is none", ["checks", "ptr", "state"], "timeout"),
    ("a hop without raw", ["hops", 0, "raw"], KeyError),
    ("hop number 0", ["hops", 0, "n"], 0),
    ("an address that is none", ["origin", "proved", "ip"], "300"),
    ("a date that is none", ["time", "traced"], "yesterday"),
    ("a confidence over 100", ["origin", "confidence"], 101),
    ("a boolean for a number", ["hops", 0, "n"], True),
    ("a flag that is none", ["hops", 0, "flags"], ["strange"]),
    ("a text for a list", ["owners"], ""),
    ("no relay", ["relay"], KeyError),
    ("a grade that is none", ["relay", "state"], "closed"),
    ("a step that is none", ["relay", "steps", 0, "step"], "E6"),
    ("an SPF word that is none", ["checks", "spf", "helo", "state"], "hardfail"),
    ("SPF without its term", ["checks", "spf", "mailfrom", "mechanism"], KeyError),
    ("a key of 0 bits", ["checks", "dkim", 0, "key_bits"], 0),
    ("a set without a sealer", ["checks", "arc", "sets", 0, "sealer"], KeyError),
    ("a policy that is none", ["checks", "dmarc", "policy"], "discard"),
    ("tags that are none", ["policy", "tags"], "t1"),
    ("no rehearsals", ["policy", "rehearsed"], KeyError),
    ("a reason that is none", ["policy", "reason"], "late"),
    ("refused recipients without their rules", ["policy", "refused", "rules"], KeyError),
    ("a listing without its zone", ["checks", "dnsbl", 0, "zone"], None),
]


def main():
    with open(os.path.join(TOP, "lib/render/mailtrace-1.schema.json"), encoding="ascii") as file:
        schema = json.load(file)
    run = subprocess.run([os.path.join(BUILD, "tests/unit/json"), "--dump"], stdout=subprocess.PIPE, timeout=60)
    documents = [json.loads(line) for line in run.stdout.splitlines()]
    ok(run.returncode == 0 and len(documents) > 25, "reports are there")
    for i, document in enumerate(documents):
        found = faults(schema, document)
        ok(not found, "report %d fits the schema" % i)
        for fault in found[:5]:
            print("#", fault)
        found = list(undescribed(schema, schema, document))
        ok(not found, "report %d has the schema's keys in the schema's order" % i)
        for fault in found[:5]:
            print("#", fault)
    for name, path, value in SPOILT:
        ok(faults(schema, spoil(documents[-2], path, value)), "the schema refuses " + name)
    ok(not faults(schema, dict(documents[-2], more=1)), "the schema takes a key more")
    print("1..%d" % count)
    return failed != 0


sys.exit(main())
