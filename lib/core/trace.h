/* SPDX-License-Identifier: BSD-2-Clause */
/* The one structure that every report is drawn from.  The engine fills in what came from
 * outside, mt_trace_judge() draws the conclusions, renderers read. */
#ifndef MT_CORE_TRACE_H
#define MT_CORE_TRACE_H

#include "lib/base/arena.h"
#include "lib/core/checks.h"
#include "lib/core/evidence.h"
#include "lib/core/helo.h"
#include "lib/core/iprev.h"
#include "lib/core/marks.h"
#include "lib/core/policy.h"

#define MT_TRACE_CEILING (4u * 1024u * 1024u)	/* DESIGN: arena of a message */
#define MT_TRACE_HEADER (1024u * 1024u)		/* header block that is read */
#define MT_TRACE_HELO 1024u			/* bytes of a HELO argument that are kept */
#define MT_TRACE_RECIPIENTS 10000		/* kept; more are counted */
#define MT_TRACE_CLAIMS 8			/* fields such as X-Originating-IP that are kept */
#define MT_ID_TEXT 27				/* ULID and its NUL */

/* What is known of the client: one for a connection, lent to its messages. */
struct mt_peer {
	bool known;			/* there is a client to speak of */
	bool local;			/* handed over on this machine */
	struct mt_ip ip;
	uint16_t port;
	struct mt_span tls;		/* version, absent without TLS */
	struct mt_span auth;		/* SMTP AUTH user, absent without */
	struct mt_span server;		/* our own name as the MTA gives it */
	struct mt_iprev iprev;
	struct mt_helo helo;
	const struct mt_location *location;	/* NULL: not known */
	bool no_database;		/* one of those of the settings is not in use now */
};

/* What the settings say that core and renderers need; lives as long as the trace. */
struct mt_trace_settings {
	const struct mt_trust *trust;
	const struct mt_policy *policy;
	const struct mt_dnsbl *dnsbl;	/* lists to be asked */
	uint32_t headers;		/* MT_BIT-like set of enum mt_header to be added */
	size_t header_most;		/* bytes of one header line's text */
	bool strip_foreign;
};
enum mt_header { MT_HEADER_RESULT, MT_HEADER_CLIENT, MT_HEADER_ORIGIN, MT_HEADER_PATH, MT_HEADER_RELAY,
	MT_HEADER_EVIDENCE,
	MT_HEADER_AUTHRES, MT_HEADERS };

struct mt_relay_input;

/* A collection of other people's data that places were looked up in. */
struct mt_trace_source {
	struct mt_span name;		/* "GeoLite2-City" */
	int64_t built_sec;		/* Unix seconds; 0: not known */
	const char *licence;		/* NULL: not known */
};

struct mt_trace_error {			/* for the report: what went wrong on our side */
	const char *what;
	const char *state;
	struct mt_span detail;
};

struct mt_trace {
	struct mt_arena arena;
	const struct mt_trace_settings *settings;
	struct mt_peer *peer;
	char id[MT_ID_TEXT];
	int64_t received_msec;		/* wall clock, when the message began */
	int64_t traced_msec;		/* when the conclusions were drawn */
	uint32_t duration_msec;		/* how long finish waited and worked */
	struct mt_span file;		/* input.file, absent in the daemon */
	int64_t offset;			/* input.offset, -1 unknown */
	struct mt_span queue_id;
	struct mt_span sender;		/* without brackets and parameters, as it was given */
	struct mt_span sender_ascii;	/* the same with A-labels, for DNS (RFC 8616, 4) */
	struct mt_span sender_domain;	/* what stands behind its last "@"; absent: nothing does */
	bool sender_known;
	struct mt_span *recipients;
	size_t nrecipients, recipient_room;
	size_t recipients_seen;
	size_t refused;			/* more, that were told so at once */
	struct mt_notes refusals;	/* by which rules */
	size_t inside, outside;		/* of these, as far as is known */
	enum mt_result told;		/* what the MTA says of the recipient that comes next */
	enum mt_result route;		/* of the one that came last: inside, outside, unknown */

	struct mt_facts facts;
	struct mt_checks checks;

	struct mt_hop *hops;		/* oldest first once the chain is built */
	size_t nhops;			/* with the live one */
	size_t hop_room;
	size_t fields;			/* Received fields seen, kept or not */
	bool truncated;			/* more than a bound: fields or header bytes */
	bool lost;			/* a line that is no field was left out of the header */
	bool binary;			/* the first line was, and holds a NUL */
	size_t whole;			/* Received fields above the first line that was left out */
	size_t header_bytes;
	struct mt_boundary boundary;
	struct mt_origin origin;
	struct mt_evidence evidence[MT_EVIDENCE_MOST];
	size_t nevidence;
	struct mt_decision decision;
	struct mt_verdict verdict;
	struct mt_trace_error errors[8];
	size_t nerrors;
	const struct mt_trace_source *sources;
	size_t nsources;
	struct mt_claim claims[MT_TRACE_CLAIMS];
	size_t nclaims;
	const struct mt_arc *arc;	/* what the seals say, lent; NULL: not looked at */
	struct mt_marks marks;		/* of lists, services and forwarders */
	struct mt_relay relay;
	struct mt_ask *ask;		/* for the questions of that judge; NULL: it is not judged */
	const struct mt_relay_input *relay_input;
};

/* The connection itself becomes the newest hop, written by us, where a client is known.  The
 * hops move to an array of their own. */
void mt_trace_add_live(struct mt_trace *trace);
/* Facts, evidence, level and verdict from all that is in the trace.  last: what is still
 * open will not come.  May be called again with more. */
void mt_trace_judge(struct mt_trace *trace, enum mt_stage stage, bool last);
/* Where the client of hop n (from 1) is, or NULL. */
const struct mt_location *mt_trace_location(const struct mt_trace *trace, unsigned n);
/* Why a message that no rule refuses is deferred all the same. */
enum mt_defer { MT_DEFER_LATE, MT_DEFER_ODD, MT_DEFERS };
/* Makes the verdict of a judged trace such a deferral, as far as the mode lets it; a rule that
 * refuses and an exemption go before. */
void mt_trace_defer(struct mt_trace *trace, enum mt_defer why);
/* Only the verdict, without touching the hops: for stages before the end.  The recipient
 * given stands alone; absent: all that were accepted. */
void mt_trace_judge_early(struct mt_trace *trace, enum mt_stage stage, struct mt_span recipient,
    struct mt_verdict *verdict);

#endif
