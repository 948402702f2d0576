/* SPDX-License-Identifier: BSD-2-Clause */
/* The signs that forgery.c adds up: private to it. */
#ifndef MT_CORE_FORGERY_SIGNS_H
#define MT_CORE_FORGERY_SIGNS_H

#include "lib/base/span.h"

struct mt_trace;

/* Sets the flags of what a line shows by itself and beside the newer one; the links are
 * known. */
void mt_signs_find(const struct mt_trace *trace, struct mt_hop *hop, const struct mt_hop *newer);

/* A date written as no server does: "Jun, 06 2002 9:17:38 a.m.". */
bool mt_signs_alien_date(const struct mt_hop *hop);
/* Nothing but the clauses: no comment of the server that wrote it. */
bool mt_signs_plain(const struct mt_hop *hop);
/* The newer server's own finding, not the client's word, ties it to the writer of the line. */
bool mt_signs_found_writer(const struct mt_hop *hop, const struct mt_hop *newer);
/* The newer line's client does not look like a mail server: no reverse name, the name of a
 * line, or a single word for a HELO. */
bool mt_signs_no_server(const struct mt_hop *newer);
/* Dated more than an hour after the newer line. */
bool mt_signs_later(const struct mt_hop *hop, const struct mt_hop *newer);

#endif
