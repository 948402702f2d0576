#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Includes point one way, and each library stays behind its file (the rules in words: below).
set -u
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0 bad=0

# Prints "file:line: text" of what breaks a rule in the tree $1; the rules in one awk program.
broken() {
    (cd "$1" && find lib milter cli -name '*.[ch]' 2>/dev/null | sort | xargs -r awk '
    # The directories that each directory may include, besides lib/mailtrace.h and itself.
    BEGIN {
        may["lib/base"] = ""
        may["lib/core"] = "lib/base"
        may["lib/render"] = may["lib/config"] = may["lib/source"] = "lib/base lib/core"
        may["lib/engine"] = "lib/base lib/core lib/render lib/config lib/source"
        may["milter"] = may["cli"] = may["lib"] = ""
        # core is pure: the same bytes and answers give the same trace.
        split("stddef stdint stdbool stdatomic string limits ctype stdarg endian inttypes stdalign assert stdlib", names, " ")
        for (i in names)
            pure[names[i] ".h"] = 1
        # A third-party header, and the only files that may name it.
        only["ares.h"] = only["arpa/nameser.h"] = "^lib/source/channel[.]c$"
        only["confuse.h"] = "^lib/config/parse[.]c$"
        only["libpsl.h"] = "^lib/source/suffix[.]c$"
        only["idn2.h"] = "^lib/source/idna[.]c$"
        only["jansson.h"] = "^lib/render/json[a-z_]*[.][ch]$"
        only["uthash.h"] = only["utlist.h"] = "^(lib/engine/cache|lib/engine/strips|lib/source/script)[.][ch]$"
        only["sqlite3.h"] = "^lib/source/store_sqlite[.]c$"
        only["hiredis.h"] = "^lib/source/store_redis[.]c$"
        only["maxminddb.h"] = "^lib/source/mmdb[.]c$"
        for (i = split("asn1 bn core_names err evp rsa x509", names, " "); i > 0; i--)
            only["openssl/" names[i] ".h"] = "^lib/source/crypto[.]c$"
        only["opendkim/dkim.h"] = "^lib/source/opendkim[.]c$"
        only["spf2/spf.h"] = "^lib/source/spf2[.]c$"
        only["libmilter/mfapi.h"] = only["libmilter/mfdef.h"] = "^milter/"
    }
    function say(why) { printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0 }
    FNR == 1 { dir = FILENAME; sub("/[^/]*$", "", dir) }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
        split($0, part, "\"")
        path = part[2]
        from = path
        if (!sub("/[^/]*$", "", from))
            say("an include is written from the top of the tree")
        else if (path != "lib/mailtrace.h" && from != dir && index(" " may[dir] " ", " " from " ") == 0)
            say(dir " may not include " from)
    }
    /^[ \t]*#[ \t]*include[ \t]*</ {
        split($0, part, "[<>]")
        path = part[2]
        if (dir == "lib/core" && !(path in pure))
            say("lib/core includes nothing from outside")
        if (path in only && FILENAME !~ only[path])
            say("this library is the business of another file")
    }
    !/^[ \t]*(\*|\/\*|\/\/)/ && /(^|[^A-Za-z0-9_])(smfi_|SMFIS_|SMFIF_|SMFIP_)/ && dir != "milter" {
        # The command plays an MTA: it speaks the protocol, and knows no libmilter.
        if (dir != "cli" || /(smfi_|SMFIS_)/)
            say("libmilter is the business of milter/")
    }')
}

# ok NAME: what stands in $scratch/found must be empty
clean() {
    count=$((count + 1))
    if [ -s "$scratch/found" ]; then
        bad=$((bad + 1))
        sed 's/^/# /' "$scratch/found"
        echo "not ok $count - $1"
    else
        echo "ok $count - $1"
    fi
}

# fires NAME FILE LINE: a tree with only that line must be found wrong
fires() {
    count=$((count + 1))
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/$(dirname "$2")"
    printf '%s\n' "$3" >"$scratch/tree/$2"
    if [ -n "$(broken "$scratch/tree")" ]; then
        echo "ok $count - fires: $1"
    else
        bad=$((bad + 1))
        echo "not ok $count - fires: $1"
    fi
}

broken "$top" >"$scratch/found"
clean "includes point one way"
fires "core includes render" lib/core/x.c '#include "lib/render/render.h"'
fires "render includes engine" lib/render/x.c '#include "lib/engine/cache.h"'
fires "base includes core" lib/base/x.h '#include "lib/core/fact.h"'
fires "milter includes core" milter/x.c '#include "lib/core/fact.h"'
fires "cli includes milter" cli/x.c '#include "milter/act.h"'
fires "core includes stdio" lib/core/x.c '#include <stdio.h>'
fires "core includes time" lib/core/x.c '#include <time.h>'
fires "core includes pthread" lib/core/x.c '#  include <pthread.h>'
fires "a relative include" lib/core/x.c '#include "fact.h"'
fires "jansson outside of its file" lib/engine/x.c '#include <jansson.h>'
fires "libconfuse outside of its file" lib/config/keys.c '#include <confuse.h>'
fires "c-ares outside of its file" lib/engine/x.c '#include <ares.h>'
fires "libpsl outside of its file" lib/core/x.c '#include <libpsl.h>'
fires "libidn2 outside of its file" lib/engine/x.c '#include <idn2.h>'
fires "SQLite outside of its file" lib/source/store.c '#include <sqlite3.h>'
fires "hiredis outside of its file" lib/source/store.c '#include <hiredis.h>'
fires "libmaxminddb outside of its file" lib/source/geo.c '#include <maxminddb.h>'
fires "OpenSSL outside of its file" lib/source/arc.c '#include <openssl/evp.h>'
fires "libopendkim outside of its file" lib/source/spf.c '#include <opendkim/dkim.h>'
fires "libspf2 outside of its file" lib/engine/x.c '#include <spf2/spf.h>'
fires "libmilter in the library" lib/engine/x.c '	return SMFIS_CONTINUE;'
fires "libmilter in the command" cli/x.c '	smfi_setreply(ctx, a, b, c);'
echo "1..$count"
[ "$bad" -eq 0 ]
