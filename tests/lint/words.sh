#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the texts say: nothing unfinished, no path of one machine; and what the README names is there.
set -u
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0 bad=0

# Texts of the tree $1, but for this file and what others wrote.
texts() {
    (cd "$1" && find . \( -path ./.git -o -path ./tests/data -o -path ./tests/fuzz/seeds -o -path './build*' \
        -o -path ./autom4te.cache -o -path './debian/*/*' -o -path './_build' \) -prune -o -type f \( -name '*.[ch]' \
        -o -name '*.md' -o -name '*.sh' -o -name '*.py' -o -name 'local.am' -o -name 'Makefile.am' \
        -o -name 'configure.ac' -o -name '*.conf' -o -name '*.[158]' -o -name setup -o -name '*.service' \) \
        -print) | grep -v -e 'tests/lint/words.sh' | sort
}

unfinished() { (cd "$1" && texts "$1" | xargs -r grep -nwE '(TODO|FIXME|XXX|HACK|TBD)' /dev/null); }
machine_paths() {
    (cd "$1" && texts "$1" | xargs -r grep -nE '(^|[^A-Za-z0-9_.>)}])/(home|root|work|Users)/' /dev/null)
}

# Screens have 60 lines, and the README two of them.
readme_length() {
    lines=$(wc -l <"$1/README.md")
    [ "$lines" -le 120 ] || echo "README.md has $lines lines"
}

# Files that stand in `...` with a slash in them, from the top of the tree; programs are in a build tree.
readme_files() {
    grep -oE '`[A-Za-z][A-Za-z0-9_.-]*/[A-Za-z0-9_./-]+`' "$1/README.md" | tr -d '\140' | sort -u | while read -r f; do
        case $f in build/* | */mailtrace | */mailtrace-milter) continue ;; esac
        [ -e "$1/$f" ] || echo "README.md names $f, which is not there"
    done
}

# Each ./setup WORD is one that setup knows.
readme_commands() {
    grep -oE '\./setup [a-z]+' "$1/README.md" | sort -u | while read -r _ word; do
        grep -qE "^$word\)" "$1/setup" || echo "README.md says ./setup $word, which setup does not know"
    done
}

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

fires() {
    count=$((count + 1))
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/$(dirname "$3")"
    printf 'test)\n' >"$scratch/tree/setup"
    printf '%s\n' "$4" >"$scratch/tree/$3"
    [ -n "$("$2" "$scratch/tree" 2>&1)" ] || { bad=$((bad + 1)); printf 'not '; }
    echo "ok $count - fires: $1"
}

clean "nothing is left unfinished" unfinished
clean "no path of one machine" machine_paths
clean "the README fits on two screens" readme_length
clean "the files that the README names are there" readme_files
clean "the commands that the README names are there" readme_commands
fires "a mark of unfinished work" unfinished lib/x.c '/* TODO: the rest */'
fires "a path of one machine" machine_paths man/x.1 'see /home/anna/x'
fires "a long README" readme_length README.md "$(seq 121)"
fires "a file that is not there" readme_files README.md 'see `conf/none.conf`'
fires "a command that is not there" readme_commands README.md 'run ./setup dance'
echo "1..$count"
[ "$bad" -eq 0 ]
