#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# No file-scope variable that changes, in any object of the library and the programs, but those
# of globals.allowed, each with its reason.
set -u
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
built=${top_builddir:-$top}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! command -v objdump >/dev/null 2>&1; then
    echo "1..0 # SKIP objdump is not installed"
    exit 0
fi

# Prints "object symbol" of each variable in a section that can be written; what only the
# loader writes (.data.rel.ro) cannot.
variables() {
    for object; do
        objdump -t "$object" | awk -v object="$object" '
            / O +(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ || /[ \t]\*COM\*[ \t]/ {
                if ($0 ~ /\.data\.rel\.ro/)
                    next
                name = $NF
                sub(/\.[0-9]+$/, "", name)
                sub(/.*\//, "", object)
                print object, name
            }'
    done
}

# Shared objects are the position-independent ones of libtool; a static build has only the plain ones.
find "$built/lib" "$built/milter" "$built/cli" -name '*.o' | sort >"$scratch/objects"
objects=$(cat "$scratch/objects")
if [ -z "$objects" ]; then
    echo "1..0 # SKIP nothing is built"
    exit 0
fi
# shellcheck disable=SC2086
if nm $objects 2>/dev/null | grep -qE ' (__asan_|__tsan_|__sanitizer_cov)'; then
    echo "1..0 # SKIP a sanitizer adds variables of its own"
    exit 0
fi

bad=0
# shellcheck disable=SC2086
variables $objects | sed 's/^[a-z_]*-//; s/\.o / /' | sort -u >"$scratch/found"
sed 's/#.*//' "$top/tests/lint/globals.allowed" | awk 'NF { print $1, $2 }' | sort -u >"$scratch/allowed"
comm -23 "$scratch/found" "$scratch/allowed" >"$scratch/new"
comm -13 "$scratch/found" "$scratch/allowed" >"$scratch/gone"

if [ -s "$scratch/new" ]; then
    sed 's/^/# changes, and is not in globals.allowed: /' "$scratch/new"
    printf 'not '
    bad=1
fi
echo "ok 1 - no variable changes but those that are allowed"
if [ -s "$scratch/gone" ]; then
    sed 's/^/# allowed, and not there: /' "$scratch/gone"
    printf 'not '
    bad=1
fi
echo "ok 2 - every allowed variable is there"
if grep -vE '^(#|$)' "$top/tests/lint/globals.allowed" | grep -qvE '^[^ ]+ +[^ ]+ +# .+'; then
    printf 'not '
    bad=1
fi
echo "ok 3 - every allowed variable has its reason"

if command -v cc >/dev/null 2>&1; then
    cat >"$scratch/x.c" <<'EOT'
int common_one;
static int written = 1;
static const int fixed[] = { 1, 2 };
static const char *const words[] = { "a", "b" };
static const char *moving[] = { "a", "b" };
int f(int i) { static int local; moving[1] = "c"; return fixed[i] + words[i][0] + moving[i][0] + written++ + local++; }
EOT
    cc -O1 -fPIC -fno-common -c -o "$scratch/x.o" "$scratch/x.c"
    found=$(variables "$scratch/x.o" | sort | tr '\n' ';')
    if [ "$found" != "x.o common_one;x.o local;x.o moving;x.o written;" ]; then
        echo "# $found"
        printf 'not '
        bad=1
    fi
    echo "ok 4 - fires on four variables, and not on two constants"
else
    echo "ok 4 - fires # SKIP no compiler"
fi
echo "1..4"
[ "$bad" -eq 0 ]
