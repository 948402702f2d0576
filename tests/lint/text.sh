#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The form of the texts: blanks, columns, licence lines, manuals.
set -u
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
mandoc=${MANDOC:-mandoc}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0 bad=0

# Texts of ours below the tree $1; messages and seeds for tests are what others wrote.
texts() {
    (cd "$1" && find . -maxdepth 1 -type f \( -name '*.md' -o -name '*.am' -o -name '*.ac' -o -name setup \) -print &&
        for part in lib milter cli conf man debian m4 tests .ci; do
            [ ! -d "$part" ] || find "./$part" \( -path ./tests/data -o -path ./tests/fuzz/seeds \
                -o -path './debian/*/*' -o -name libtool.m4 -o -name 'lt*.m4' \) -prune -o -type f \( -name '*.[ch]' \
                -o -name '*.sh' -o -name '*.py' -o -name '*.am' -o -name '*.m4' -o -name '*.conf' -o -name '*.service' \
                -o -name '*.[158]' -o -name control -o -name rules -o -name run \) -print
        done) | sed 's|^\./||' | sort
}

trailing_blanks() { (cd "$1" && texts "$1" | xargs -r grep -nE '[[:blank:]]+$' /dev/null); }
no_final_newline() { (cd "$1" && texts "$1" | while read -r f; do [ -z "$(tail -c 1 "$f")" ] || echo "$f"; done); }
no_licence() {
    (cd "$1" && texts "$1" | grep -E '\.([ch]|sh|py)$|^setup$' | while read -r f; do
        head -n 3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f"
    done)
}
# The rows of a table set by hand may be wider, in code; tests are mostly such tables.
long_lines() {
    (cd "$1" && texts "$1" | grep -E '^(lib|milter|cli)/.*[.][ch]$' | while read -r f; do
        expand -t 8 "$f" | awk -v f="$f" 'length($0) > 120 && !/^ *[["{]/ { print f ":" NR ": " length($0) " columns" }'
    done)
}
# Which other manuals are installed is not a matter of ours.
bad_manuals() {
    find "$1/man" -name '*.[1-8]' 2>/dev/null | sort | while read -r f; do
        "$mandoc" -T lint "$f" 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db'
    done
}

# clean NAME CHECK: the tree has nothing of it
clean() {
    count=$((count + 1))
    "$2" "$top" >"$scratch/found" 2>&1
    if [ -s "$scratch/found" ]; then
        bad=$((bad + 1))
        sed 's/^/# /' "$scratch/found"
        printf 'not '
    fi
    echo "ok $count - $1"
}

# fires NAME CHECK FILE FORMAT: a tree with only this file has it
fires() {
    count=$((count + 1))
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/$(dirname "$3")"
    # The format is a constant of this file.
    # shellcheck disable=SC2059
    printf "$4" >"$scratch/tree/$3"
    [ -n "$("$2" "$scratch/tree" 2>&1)" ] || { bad=$((bad + 1)); printf 'not '; }
    echo "ok $count - fires: $1"
}

clean "no blanks at the ends of lines" trailing_blanks
clean "every file ends with a line end" no_final_newline
clean "every source file names its licence" no_licence
clean "no line of code is wider than 120 columns" long_lines
if [ "$mandoc" = : ] || ! command -v "$mandoc" >/dev/null 2>&1; then
    mandoc=:
    count=$((count + 1))
    echo "ok $count - the manuals are clean # SKIP mandoc is not installed"
else
    clean "the manuals are clean" bad_manuals
    fires "a manual with an error" bad_manuals man/x.1 '.Dd today\n.Sh WRONG\n.Fo\n'
fi
fires "a blank at the end of a line" trailing_blanks lib/x.c 'int x; \n'
fires "a file that ends without a line end" no_final_newline lib/x.c 'int x;'
fires "a file without a licence" no_licence lib/x.c 'int x;\n'
fires "a line of 121 columns" long_lines lib/x.c '\t%0113d\n'
echo "1..$count"
[ "$bad" -eq 0 ]
