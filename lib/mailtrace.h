/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmailtrace: where did this message come from, and how much of that may I believe?
 *
 * The one installed header.  An engine holds what outlives a message (resolver,
 * cache), a connection what is known of one SMTP client, a trace what is known of
 * one message.  Bytes go in as the SMTP dialogue brings them; facts, evidence and
 * a verdict come out.
 *
 * Handles are opaque.  Data are plain const structures, lent until their handle is
 * closed.  Text from outside is a span, never a C string, and may hold any byte.
 *
 * Threads: an engine and a configuration may be used from any thread.  A connection
 * and its traces belong to one thread at a time (which may change between calls).
 * Nothing but mt_trace_finish() waits.
 *
 * Errors of our own (no memory, a bad argument, a file) are negative MT_E values or
 * NULL; trouble of others (a forged field, a dead name server) is a result in a fact.
 */
#ifndef MAILTRACE_H
#define MAILTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MT_API __attribute__((visibility("default")))
#else
#define MT_API
#endif

/* ---- errors ------------------------------------------------------------------ */

enum mt_error {
	MT_OK = 0,
	MT_ENOMEM = -1,			/* no memory, or an arena at its ceiling */
	MT_EINVAL = -2,			/* a bad argument: the caller's mistake */
	MT_EIO = -3,			/* a file or socket; errno says which trouble */
	MT_ECONFIG = -4,		/* the configuration is wrong; it was said where */
	MT_EFULL = -5			/* a bound was met */
};

/* One sentence for an error value; never NULL, static storage. */
MT_API const char *mt_strerror(int error);

/* The library's version, such as "0.1.0"; static storage. */
MT_API const char *mt_version(void);

/* ---- small things ------------------------------------------------------------ */

/* Bytes lent from somewhere; ptr NULL means absent, which is not the same as empty. */
struct mt_span {
	const char *ptr;
	size_t len;
};

/* An IPv4 or IPv6 address; family 0 means absent.  IPv4-mapped IPv6 is kept as IPv4. */
struct mt_ip {
	uint8_t family;			/* 0, 4 or 6 */
	uint8_t bytes[16];		/* network order; the first 4 for IPv4 */
};

/* Longest text of an address, with its final NUL (RFC 5952 form). */
#define MT_IP_TEXT 46

/* Reads an address in text form: IPv4, IPv6, with or without "IPv6:" before it and
 * brackets around it.  Returns false, and *ip absent, when it is none. */
MT_API bool mt_ip_parse(struct mt_ip *ip, struct mt_span text);

/* Writes an address in its RFC 5952 form and returns out; "" for an absent one. */
MT_API const char *mt_ip_text(const struct mt_ip *ip, char out[MT_IP_TEXT]);

/* Reads an instant: Unix seconds, RFC 3339, or any date-time that is read in mail (RFC 5322,
 * 3.3 and 4.3).  Returns false, and leaves *unix_msec alone, when it is none. */
MT_API bool mt_time_parse(int64_t *unix_msec, struct mt_span text);

/* ---- words -------------------------------------------------------------------- */

/* Every word that a fact may have; which fact uses which is in mt_fact_words().
 * Zero is "not asked, or no answer yet", so a zeroed structure is an honest one. */
enum mt_result {
	MT_UNKNOWN,
	MT_NONE, MT_PASS, MT_FAIL, MT_SOFTFAIL, MT_NEUTRAL, MT_POLICY,	/* RFC 8601 */
	MT_TEMPERROR, MT_PERMERROR,
	MT_SKIPPED,			/* not asked, on purpose; the cause says why */
	MT_MISMATCH, MT_UNRESOLVABLE, MT_LITERAL_MISMATCH, MT_NOT_FQDN,	/* helo */
	MT_MALFORMED, MT_OURS, MT_CHANGED,
	MT_ODD, MT_FORGED, MT_LOOP, MT_FUTURE, MT_TRUNCATED,		/* chain */
	MT_DIRECT, MT_SUBMISSION, MT_INTERNAL, MT_FORWARDER, MT_LIST,	/* relay */
	MT_ESP, MT_UNATTESTED, MT_SUSPECT, MT_OPEN, MT_LISTED,
	MT_CLEAN, MT_REFUSED, MT_DEAD,					/* lists */
	MT_NEW, MT_GOOD, MT_BAD,					/* history */
	MT_INSIDE, MT_OUTSIDE,						/* recipient */
	MT_YES, MT_NO,							/* authenticated */
	MT_RESULTS
};

#define MT_BIT(r) (UINT64_C(1) << (r))

/* Why a fact is what it is. */
enum mt_cause {
	MT_CAUSE_NONE,			/* nothing to say */
	MT_CAUSE_NXDOMAIN, MT_CAUSE_NODATA,
	MT_CAUSE_TIMEOUT, MT_CAUSE_SERVFAIL, MT_CAUSE_REFUSED,
	MT_CAUSE_GARBAGE,		/* an answer that cannot be read */
	MT_CAUSE_NETWORK,		/* no server could be reached */
	MT_CAUSE_BREAKER,		/* not asked: the resolver is out */
	MT_CAUSE_LIMIT,			/* a bound of ours was met */
	MT_CAUSE_DEADLINE,		/* the answer was not there in time */
	MT_CAUSE_OFFLINE,		/* not asked: nobody is to be asked */
	MT_CAUSE_NO_INPUT,		/* not asked: what to ask about is not known */
	MT_CAUSE_BAD_NAME,		/* the name cannot be asked for (RFC 1035, 2.3.4) */
	MT_CAUSE_NOT_NEEDED,		/* not asked: decided without */
	MT_CAUSES
};

/* What can be found out.  The rows of one table: core/fact.c. */
enum mt_fact_name {
	MT_FACT_PTR, MT_FACT_IPREV, MT_FACT_HELO, MT_FACT_CHAIN,
	MT_FACT_AUTHENTICATED,
	MT_FACT_SPF, MT_FACT_SPF_HELO, MT_FACT_DKIM, MT_FACT_ARC, MT_FACT_DMARC,
	MT_FACT_DNSBL, MT_FACT_RELAY, MT_FACT_HISTORY, MT_FACT_RECIPIENT,
	MT_FACTS
};

struct mt_fact {
	enum mt_result result;
	enum mt_cause cause;
	uint32_t msec;			/* how long the answer took; 0 from a cache */
};

enum mt_action { MT_ACCEPT, MT_TAG, MT_QUARANTINE, MT_TEMPFAIL, MT_REJECT, MT_ACTIONS };
enum mt_mode { MT_MODE_OFF, MT_MODE_MONITOR, MT_MODE_ENFORCE, MT_MODES };
enum mt_stage {
	MT_STAGE_CONNECT, MT_STAGE_HELO, MT_STAGE_MAIL, MT_STAGE_RCPT, MT_STAGE_DATA,
	MT_STAGE_EOM, MT_STAGES
};
/* trusted: our own networks or an authenticated client.  verified: name and address
 * vouch for each other.  unverified: they do not, or could not be asked.
 * suspicious: something contradicts something. */
enum mt_level { MT_LEVEL_UNVERIFIED, MT_LEVEL_TRUSTED, MT_LEVEL_VERIFIED, MT_LEVEL_SUSPICIOUS, MT_LEVELS };
enum mt_strength { MT_WEAK, MT_MEDIUM, MT_STRONG, MT_STRENGTHS };
/* Grades of the gap between a hop and the newer one above it; '-' where there is none. */
enum mt_link {
	MT_LINK_NONE, MT_LINK_PROVED, MT_LINK_LINKED, MT_LINK_PLAUSIBLE, MT_LINK_UNLINKED,
	MT_LINK_CONTRADICTED, MT_LINKS
};
enum mt_hop_kind { MT_HOP_UNPARSED, MT_HOP_SMTP, MT_HOP_HTTP, MT_HOP_LOCAL, MT_HOP_RETRIEVAL, MT_HOP_KINDS };

/* The word of a value, as it stands in configuration, headers, log and JSON. */
MT_API const char *mt_result_word(enum mt_result r);
MT_API const char *mt_cause_word(enum mt_cause c);
MT_API const char *mt_fact_word(enum mt_fact_name f);
MT_API const char *mt_action_word(enum mt_action a);
MT_API const char *mt_mode_word(enum mt_mode m);
MT_API const char *mt_stage_word(enum mt_stage s);
MT_API const char *mt_level_word(enum mt_level l);
MT_API const char *mt_strength_word(enum mt_strength s);
MT_API const char *mt_link_word(enum mt_link l);
MT_API const char *mt_hop_kind_word(enum mt_hop_kind k);

/* The set of words (MT_BIT) that a fact may have. */
MT_API uint64_t mt_fact_words(enum mt_fact_name f);

/* ---- what a trace holds -------------------------------------------------------- */

/* A date-time as a field wrote it. */
struct mt_date {
	bool known;			/* it could be read */
	bool zone_known;		/* a zone was written; else it is taken as +0000 */
	int16_t zone_min;		/* minutes east of UTC */
	int64_t unix_sec;		/* the instant, UTC */
};

/* Marks on a hop: bits of mt_hop.flags, words by mt_hop_flag_word(). */
enum mt_hop_flag {
	MT_HOP_LIVE,			/* the connection itself, not a field */
	MT_HOP_BRACKETED,		/* the address stood in square brackets */
	MT_HOP_MAY_BE_FORGED,		/* the receiving server wrote "(may be forged)" */
	MT_HOP_UNVERIFIED,		/* it wrote that the name is not verified */
	MT_HOP_AUTHENTICATED,		/* it wrote that the client authenticated */
	MT_HOP_TLS,			/* it wrote that TLS was used */
	MT_HOP_PRIVATE,			/* the client address is not globally reachable */
	MT_HOP_NO_DATE,			/* no date, or one that is no date */
	MT_HOP_DATE_ODD,		/* a date in an obsolete or wrong form, but readable */
	MT_HOP_FUTURE,			/* later than our clock by more than ten minutes */
	MT_HOP_BACKWARDS,		/* later than the newer hop above it, beyond tolerance */
	MT_HOP_CUT,			/* a part was longer than our bound and was cut */
	MT_HOP_IMPOSSIBLE_IP,		/* what stands for an address cannot be one */
	MT_HOP_ODD_WORD,		/* a protocol word that nobody writes */
	MT_HOP_QUEUE_CLOCK,		/* the clock inside the queue id contradicts the date */
	MT_HOP_OUR_NAME,		/* our own name in a line that we did not write */
	MT_HOP_NO_ID_NO_FOR,		/* neither id nor for, in a form that has them */
	MT_HOP_ALIEN_BY,		/* "by" is not what the newer hop's client is */
	MT_HOP_STALE,			/* more than a day older than the newer hop above it */
	MT_HOP_BESIDE_FORGED,		/* believed no more than the forged line next to it */
	MT_HOP_NO_CLIENT,		/* one word stands for the client: no address, and nothing else */
	MT_HOP_IMPOSSIBLE_DATE,		/* a date that cannot be: no date at all, or days after the newer line */
	MT_HOP_ALIEN_FORM,		/* the software or provider that it names never writes so */
	MT_HOP_SIGNED_OTHER,		/* who sealed the message says that it saw another client */
	MT_HOP_FLAGS
};
MT_API const char *mt_hop_flag_word(enum mt_hop_flag f);

/* Where an address is, as databases say: a claim of theirs, not an address. */
struct mt_location {
	char country[3];		/* ISO 3166-1; "" unknown */
	char continent[3];		/* "EU"; may be known where the country is not */
	char registered[3];		/* the country that the block is registered in */
	struct mt_span country_name;	/* in English */
	struct mt_span region_code, region;	/* "ENG", "England" */
	struct mt_span city;
	struct mt_span postal;
	struct mt_span time_zone;	/* "Europe/London" */
	bool located;			/* the two below were given */
	double latitude, longitude;	/* degrees */
	unsigned radius_km;		/* 0: not given */
	uint32_t asn;			/* 0: unknown */
	struct mt_span as_name;
	struct mt_ip network;		/* the block that the AS number was found for; family 0: unknown */
	uint8_t network_bits;
	struct mt_span isp, organization;	/* who sells the line, and who has it */
	struct mt_span connection;	/* "Cable/DSL", "Cellular", "Corporate" */
};

/* One Received field (RFC 5321, 4.4), or the live connection.  Absent parts have a
 * NULL ptr or family 0. */
struct mt_hop {
	unsigned n;			/* 1 is the oldest */
	enum mt_hop_kind kind;
	bool trusted;			/* written inside the boundary */
	bool forged;
	enum mt_link link;		/* to the newer hop above */
	uint32_t flags;			/* bits of enum mt_hop_flag */
	struct {
		struct mt_span helo;	/* what the client called itself */
		struct mt_span rdns;	/* the name that the receiving server found */
		struct mt_ip ip;	/* the address that it took from TCP */
		struct mt_span ident;	/* RFC 1413 user that it noted */
	} from;
	struct mt_span by;
	struct mt_ip by_ip;
	struct mt_span via;
	struct mt_span with;
	struct mt_span id;
	struct mt_span recipient;	/* "for", the first one */
	struct mt_span sender;		/* envelope-from, where written */
	struct mt_span tls;
	struct mt_span auth;		/* SMTP AUTH user or mark */
	const char *dialect;		/* software family whose form this is, or NULL */
	struct mt_date date;
	bool has_delay;
	int64_t delay_sec;		/* since the hop below; may be negative */
	struct mt_span raw;		/* the field's body as received, line ends as LF */
	int64_t skew_sec;		/* the clock of its writer is ahead by this, estimated; 0: not known */
	const char *reason;		/* why it is trusted or not; NULL before the trace is finished */
	const struct mt_location *location;	/* of from.ip; NULL: not known */
};

struct mt_origin {
	struct mt_ip proved_ip;		/* what the last believed hop saw */
	unsigned proved_hop;		/* 0: none */
	struct mt_ip claimed_ip;	/* bottom-up, first public address, not forged */
	unsigned claimed_hop;
	unsigned confidence;		/* 0-100, of the claimed one */
	const char *const *reasons;	/* sentences, newest first */
	unsigned nreasons;
};

/* SPF (RFC 7208) of one identity. */
struct mt_spf {
	enum mt_result result;		/* none pass fail softfail neutral temperror permerror, skipped */
	enum mt_cause cause;		/* of temperror and skipped */
	uint32_t msec;
	struct mt_span domain;		/* whose record was asked for; absent: there is none to ask for */
	struct mt_span mechanism;	/* the term that decided, as it stands in the record; absent: none */
	struct mt_span why;		/* of permerror: one sentence */
	unsigned lookups, voids;	/* RFC 7208, 4.6.4 */
};

/* One DKIM-Signature field (RFC 6376), in the order of the header from the top. */
struct mt_signature {
	enum mt_result result;		/* pass fail neutral policy temperror permerror, skipped */
	enum mt_cause cause;		/* of temperror and skipped */
	struct mt_span domain, selector, algorithm, identity;	/* d= s= a= i= ; absent: not written */
	struct mt_span b;		/* the first 8 characters of b= (RFC 6008) */
	struct mt_span why;		/* one sentence, absent for pass */
	unsigned key_bits;		/* 0: no key was read */
	bool testing;			/* t=y in the key record */
	bool partial;			/* l= leaves a part of the body out */
	bool authentic;			/* so was the answer with its key, by a resolver that is trusted for it */
};

/* One set of an ARC chain (RFC 8617). */
struct mt_arc_set {
	unsigned instance;
	struct mt_span sealer;		/* d= of its ARC-Seal */
	struct mt_span authserv_id;	/* of its ARC-Authentication-Results */
	struct mt_ip remote_ip;		/* smtp.remote-ip there; family 0: none */
};
struct mt_arc {
	enum mt_result result;		/* none pass fail temperror permerror, skipped */
	enum mt_cause cause;
	struct mt_span why;		/* one sentence; absent for none, and for a whole pass */
	bool partial;			/* the newest signature leaves a part of the body out (l=) */
	unsigned oldest_pass;		/* RFC 8617, 5.2; 0: all of them */
	const struct mt_arc_set *sets;	/* instance 1 first */
	unsigned nsets;
};

/* DMARC (RFC 7489), read only. */
struct mt_dmarc {
	enum mt_result result;		/* none pass fail temperror permerror, skipped */
	enum mt_cause cause;
	struct mt_span domain;		/* of the author (RFC5322.From); absent: no single one */
	struct mt_span record_domain;	/* where the record was found */
	const char *policy;		/* "none" "quarantine" "reject": what its owner wishes; NULL: no record */
	bool spf_aligned, dkim_aligned;
	struct mt_span why;
};

/* What one list (RFC 5782) says of one address. */
struct mt_listing {
	struct mt_span zone;
	unsigned hop;			/* whose client it is; 0: the live client */
	struct mt_ip ip;
	enum mt_result result;		/* listed clean temperror refused dead, skipped */
	enum mt_cause cause;
	const struct mt_ip *codes;	/* all that came back */
	unsigned ncodes;
	const struct mt_span *names;	/* of the rows that matched, as the administrator called them */
	const struct mt_span *classes;	/* of the same rows */
	unsigned nnames;
	bool allow;			/* the zone lists whom to believe (RFC 8904) */
};

/* What this server has seen before of a client. */
struct mt_history {
	enum mt_result result;		/* new good bad neutral, skipped */
	enum mt_cause cause;		/* with a word other than skipped: why only a part was asked */
	int64_t first_sec, last_sec;	/* Unix seconds; 0: never */
	uint64_t seen, good, bad;	/* messages */
	unsigned origins, senders;	/* distinct AS numbers and sender organizations behind it */
};

/* Whether a server passed on a stranger's mail that was none of its business (RFC 5321, 3.6.2
 * and 7.9; RFC 2505, 2.1): five questions, in this order. */
enum mt_relay_step {
	MT_RELAY_EVENT,			/* E1: it passed on what an outsider sent */
	MT_RELAY_NO_AUTHORITY,		/* E2: who was neither its user nor of its house */
	MT_RELAY_NO_SERVICE,		/* E3: and it does not serve sender or recipient */
	MT_RELAY_NO_SIGNATURE,		/* E4: nor vouches for the message */
	MT_RELAY_CORROBORATED,		/* E5: and it does so for many, or is known for it */
	MT_RELAY_STEPS
};
struct mt_relay_finding {
	enum mt_result holds;		/* yes no temperror; unknown: decided before, or not asked as the text says */
	struct mt_span text;		/* one sentence with the values it rests on */
};
struct mt_relay {
	/* direct submission internal forwarder list esp unattested suspect open listed; unknown:
	 * nothing to judge; skipped: what would decide was not asked or is not known. */
	enum mt_result result;
	enum mt_cause cause;		/* of skipped, and why something that could have made it another cannot be had
					 * now */
	unsigned hop;			/* the line of the relay; 0: none */
	struct mt_ip ip;		/* of the server that is judged: the last address that is proved */
	struct mt_ip origin;		/* whose mail it passed on; absent: none */
	struct mt_relay_finding findings[MT_RELAY_STEPS];
};

/* "E1" ... "E5", and what the step asks; static storage. */
MT_API const char *mt_relay_step_word(enum mt_relay_step step);
MT_API const char *mt_relay_step_text(enum mt_relay_step step);
/* What a grade means, in one sentence; NULL for a word that is none. */
MT_API const char *mt_relay_grade_text(enum mt_result grade);

/* What a field such as X-Originating-IP says of the origin: anybody can write it. */
struct mt_claim {
	const char *name;		/* of the field, in its usual spelling; static */
	struct mt_ip ip;
};

/* Where belief ends: the newest hop at which it does. */
struct mt_boundary {
	unsigned hop;			/* 0: no hop is believed */
	struct mt_ip ip;
	const char *reason;
};

struct mt_evidence {
	const char *code;		/* "helo.mismatch" */
	enum mt_strength strength;
	struct mt_span text;		/* one sentence with the values it rests on */
	unsigned hop;			/* 0: not about a hop */
	uint32_t facts;			/* MT_BIT of enum mt_fact_name it rests on */
};

/* Row i of the table of evidence codes, or NULL past its end: code, default strength,
 * what it means, and the RFC or measurement that it rests on. */
struct mt_evidence_about {
	const char *code;
	enum mt_strength strength;
	const char *meaning;
	const char *basis;
};
MT_API const struct mt_evidence_about *mt_evidence_about(size_t i);

/* Rules that held and ended nothing: those that tag, and those in dry-run. */
#define MT_NOTES 8
struct mt_note {
	struct mt_span rule;
	enum mt_action action;		/* what the rule would have done; MT_TAG */
};
struct mt_notes {
	struct mt_note note[MT_NOTES];	/* in the order of the rules */
	unsigned count;
	bool more;			/* others held, too */
};

struct mt_verdict {
	bool decided;			/* false: a fact that decides is still unknown */
	enum mt_level level;
	enum mt_result relay;
	enum mt_mode mode;
	enum mt_stage stage;		/* where it was decided */
	enum mt_action action;		/* what is to be done now */
	enum mt_action would;		/* what the rules say, whatever the mode */
	bool dry_run;			/* the rule itself is in dry-run */
	const char *reason;		/* where no rule is, why it is not accepted: "on-deadline", "odd-header" */
	struct mt_span rule;		/* name of the rule that decided; absent: none did */
	struct mt_span exempt;		/* name of the exemption that held; absent: none */
	unsigned code;			/* SMTP reply code of `would`; 0: none */
	struct mt_span xcode;		/* enhanced status code (RFC 3463) */
	struct mt_span text;		/* reply text, printable ASCII, '%' not doubled */
	struct mt_notes tags, rehearsed;	/* rules that tag; rules in dry-run */
	const char *summary;		/* one sentence for a person */
};

/* ---- configuration -------------------------------------------------------------- */

struct mt_config;			/* opaque; never changes; counted */

/* Where errors and notices go: one call each, text without a line end. */
typedef void mt_say_fn(void *ctx, const char *line);

/* Reads a configuration file (path NULL: built-in defaults only) and then the
 * overrides ("section.key=value", noverrides of them).  All errors are told through
 * say, each with file, line and key.  Returns NULL and sets *error on failure. */
MT_API struct mt_config *mt_config_load(const char *path, const char *const *overrides,
    size_t noverrides, mt_say_fn *say, void *ctx, int *error);
MT_API struct mt_config *mt_config_ref(struct mt_config *config);
MT_API void mt_config_unref(struct mt_config *config);

/* Whether a text is a key of the table ("mode", "milter.socket"). */
MT_API bool mt_config_is_key(struct mt_span text);
/* Values by their key ("milter.socket").  The key must be one of the table of keys and
 * of that type; another one is the caller's mistake (assert).  Times are milliseconds; a
 * word is its place in the list of words that mailtrace-milter.conf(5) gives, from 0. */
MT_API const char *mt_config_text(const struct mt_config *config, const char *key);
MT_API int64_t mt_config_number(const struct mt_config *config, const char *key);

/* ---- output ---------------------------------------------------------------------- */

/* Takes len bytes; returns 0, or non-zero to stop. */
typedef int mt_sink_fn(void *ctx, const char *bytes, size_t len);

/* Writes every effective value with file:line and each rule with its stage. */
MT_API int mt_config_write(const struct mt_config *config, mt_sink_fn *sink, void *ctx);

/* ---- the world outside ------------------------------------------------------------ */

/* Types of DNS records (RFC 1035, 3596). */
enum mt_rrtype { MT_RR_A = 1, MT_RR_CNAME = 5, MT_RR_PTR = 12, MT_RR_MX = 15, MT_RR_TXT = 16, MT_RR_AAAA = 28 };

struct mt_answer;			/* a finished answer: core/answer.h */

/* Takes over one reference to the answer (NULL: there was no memory for one).  Called
 * exactly once for each question, from any thread, also from within ask. */
typedef void mt_answer_fn(void *ctx, struct mt_answer *answer);

/* Something that answers questions of DNS.  ask never blocks; name is plain text without
 * a final dot and is lent for the call.  close waits until no callback is under way:
 * questions still open are answered with MT_CAUSE_NETWORK first. */
struct mt_resolver {
	void (*ask)(struct mt_resolver *self, const char *name, enum mt_rrtype type,
	    mt_answer_fn *done, void *ctx);
	void (*close)(struct mt_resolver *self);
};

/* Answers from a file instead of the network (mailtrace(1), ANSWERS).  NULL on a bad
 * file, told through say with file and line.  The engine that is given it closes it. */
MT_API struct mt_resolver *mt_script_open(const char *path, mt_say_fn *say, void *ctx);

/* Answers nothing: every question ends as MT_CAUSE_OFFLINE. */
MT_API struct mt_resolver *mt_offline_open(void);

/* What the engine takes from the world; a zeroed structure means the defaults. */
struct mt_ports {
	struct mt_resolver *resolver;	/* taken over; NULL: DNS as configured */
	int64_t (*wall_msec)(void *ctx);	/* wall clock, Unix milliseconds */
	bool remember;			/* for whoever sees live mail: keep the history of clients that is
					 * configured, and read it, or it would remember a rehearsal; and
					 * probe lists though nobody connects */
	void (*say)(void *ctx, int priority, const char *line);	/* syslog(3) priorities */
	void *ctx;
};

/* ---- engine, connection, message --------------------------------------------------- */

struct mt_engine;
struct mt_conn;
struct mt_trace;

/* Starts an engine; takes its own reference to config.  NULL and *error on failure. */
MT_API struct mt_engine *mt_engine_open(struct mt_config *config, const struct mt_ports *ports, int *error);
/* From now on new connections use this configuration; open ones keep theirs. */
MT_API int mt_engine_reload(struct mt_engine *engine, struct mt_config *config);
/* Writes counters since the start, one "name value" a line. */
MT_API int mt_engine_counters(struct mt_engine *engine, mt_sink_fn *sink, void *ctx);
/* All connections must be closed before. */
MT_API void mt_engine_close(struct mt_engine *engine);

/* Milliseconds of the monotonic clock that deadlines are counted on. */
MT_API int64_t mt_now_mono_msec(void);

struct mt_client {
	struct mt_ip ip;		/* absent: a local submission, or not known */
	uint16_t port;			/* 0: not known */
	const char *server;		/* our own host name as the MTA gives it, or NULL */
	bool local;			/* no network client: handed over on this machine */
	const char *listener;		/* the name that the MTA gives to the door it came by, or NULL */
	uint16_t listener_port;		/* 0: not known */
};

/* Opens a connection and asks at once what its address leads to.  NULL: no memory. */
MT_API struct mt_conn *mt_conn_open(struct mt_engine *engine, const struct mt_client *client);
/* HELO or EHLO; may come again.  after_tls: STARTTLS came in between. */
MT_API int mt_conn_helo(struct mt_conn *conn, struct mt_span name, bool after_tls);
MT_API int mt_conn_tls(struct mt_conn *conn, struct mt_span version);
MT_API int mt_conn_auth(struct mt_conn *conn, struct mt_span user);
MT_API const struct mt_config *mt_conn_config(const struct mt_conn *conn);
MT_API void mt_conn_close(struct mt_conn *conn);

/* Begins a message.  The connection must outlive it.  NULL: no memory. */
MT_API struct mt_trace *mt_trace_open(struct mt_conn *conn);
MT_API int mt_trace_sender(struct mt_trace *trace, struct mt_span address);
/* Where the MTA would take the mail of the recipient that is told next, in its own words; NULL
 * where it says nothing. */
struct mt_route {
	const char *mailer;		/* {rcpt_mailer}: a transport of Postfix, a mailer of Sendmail */
	const char *software;		/* v: "Postfix 3.7.11" */
};
MT_API int mt_trace_recipient_route(struct mt_trace *trace, const struct mt_route *route);
/* Notes a recipient and says what is to be done with it as far as is known now: the
 * verdict is lent until the next call.  One that is refused must be told by
 * mt_trace_recipient_refused(), and takes no further part. */
MT_API const struct mt_verdict *mt_trace_recipient(struct mt_trace *trace, struct mt_span address);
MT_API int mt_trace_recipient_refused(struct mt_trace *trace);
MT_API int mt_trace_queue_id(struct mt_trace *trace, struct mt_span id);
/* One header field in order from the top.  value: all that stands behind the colon, with the
 * white space that it begins with, which signatures may cover; line ends CRLF or LF. */
MT_API int mt_trace_header(struct mt_trace *trace, struct mt_span name, struct mt_span value);
/* A line that is no field stood here in the header of a saved message, and is left out.  It may
 * have been a Received field: what is older than it is not believed.  line: lent for the call. */
MT_API int mt_trace_header_lost(struct mt_trace *trace, struct mt_span line);
/* The header is over: what the fields as a whole lead to is asked about.  The body and the
 * end of the message imply it. */
MT_API int mt_trace_header_end(struct mt_trace *trace);
/* Whether the bytes of the body are of any use; not known before the header is over. */
MT_API bool mt_trace_wants_body(const struct mt_trace *trace);
/* A piece of the body, of any length; line ends CRLF or LF. */
MT_API int mt_trace_body(struct mt_trace *trace, struct mt_span bytes);
/* Where the message came from, for the report; offset in file, -1: unknown. */
MT_API int mt_trace_input(struct mt_trace *trace, struct mt_span file, int64_t offset);
/* Waits for the answers still out, until deadline_msec (monotonic) at the latest, and
 * draws the conclusions.  Later calls to the readers below see the finished trace. */
MT_API int mt_trace_finish(struct mt_trace *trace, int64_t deadline_msec);
/* Whether mt_trace_finish() would not have to wait. */
MT_API bool mt_trace_ready(struct mt_trace *trace);
/* Concludes from what is known, at `stage`, without waiting: for a message that is
 * refused before its end.  At MT_STAGE_RCPT the verdict is that on the first recipient that was
 * refused, if one was. */
MT_API int mt_trace_conclude(struct mt_trace *trace, enum mt_stage stage);
/* Writes the log line, as configured, through the port `say`. */
MT_API int mt_trace_log(struct mt_trace *trace);
MT_API void mt_trace_close(struct mt_trace *trace);

/* The verdict as far as known now; applies answers that have come in, never waits. */
MT_API const struct mt_verdict *mt_trace_verdict(struct mt_trace *trace, enum mt_stage stage);
MT_API const char *mt_trace_id(const struct mt_trace *trace);
MT_API struct mt_fact mt_trace_fact(const struct mt_trace *trace, enum mt_fact_name fact);
MT_API size_t mt_trace_hops(const struct mt_trace *trace);
MT_API const struct mt_hop *mt_trace_hop(const struct mt_trace *trace, size_t i);	/* oldest first */
MT_API const struct mt_origin *mt_trace_origin(const struct mt_trace *trace);
MT_API const struct mt_boundary *mt_trace_boundary(const struct mt_trace *trace);
MT_API const struct mt_relay *mt_trace_relay(const struct mt_trace *trace);
MT_API const struct mt_claim *mt_trace_claim(const struct mt_trace *trace, size_t i);	/* NULL past the end */
MT_API const struct mt_evidence *mt_trace_evidence(const struct mt_trace *trace, size_t i);	/* NULL past the end */

/* What an MTA is to do to the header, in the order in which it is to be done.
 * Deletions come first, highest index down; insertions are at index 0, last first. */
struct mt_edit {
	bool insert;			/* false: delete */
	unsigned index;			/* delete: the how-manieth field of that name, from 1 */
	const char *name;
	const char *value;		/* insert: folded with LF TAB, no final line end */
};
MT_API const struct mt_edit *mt_trace_edit(struct mt_trace *trace, size_t i);	/* NULL past the end */

/* Whether all fields of the incoming header that are ours alone to write could be noted
 * for deletion; false only where memory or a bound was met.  The verdict then is a deferral, but
 * where a rule refuses or the client is exempt. */
MT_API bool mt_trace_stripped(const struct mt_trace *trace);

enum mt_format { MT_FORMAT_TEXT, MT_FORMAT_JSON, MT_FORMAT_JSONL, MT_FORMAT_HEADERS, MT_FORMAT_LOG, MT_FORMATS };
struct mt_render_options {
	enum mt_format format;
	bool color;
	bool verbose;
	unsigned width;			/* columns for text; 0: 100 */
};
MT_API int mt_render(struct mt_trace *trace, const struct mt_render_options *options, mt_sink_fn *sink, void *ctx);

#ifdef __cplusplus
}
#endif
#endif
