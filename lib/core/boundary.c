/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows who wrote a line: the client that the newer line saw.  So a line is believed as
 * long as the newer one is, and its client is one of our own or one whom we believe.  It
 * stops once, for good: below a line of a stranger everything may be invented, our own
 * names and addresses first of all.  Does not look whether lines fit together.
 *
 * One thing carries belief further: a seal (RFC 8617) of a server that we believe, which says
 * whose client it was.  It counts only where that server itself handed the message over.
 */
#include "lib/core/boundary.h"

#include "lib/base/name.h"
#include "lib/core/hop.h"
#include "lib/core/links.h"
#include "lib/core/trace.h"

/* What a believed line says of its client.  writer: why the older line, which that client
 * wrote, is believed or not; end: why belief ends here, NULL where it goes on. */
struct step {
	const char *writer;
	const char *end;
};

static const struct step
    within = { "within trust.hops, the number of newest lines that are ours", NULL },
    beyond = { "beyond trust.hops, the number of newest lines that are ours", "the lines of trust.hops end here" },
    machine = { "handed over on the same machine", NULL },
    mailbox = { "written by the server that the mailbox was fetched from", NULL },
    silent = { "the newer line tells no client, as its form does not", NULL },
    nameless = { "the newer line does not tell whose it is", "no client address is told by the line" },
    network = { "its writer's address is in trust.networks", NULL },
    name = { "its writer's verified name is in trust.names", NULL },
    relay = { "its writer's verified name is in trust.relays", NULL },
    user = { "its writer authenticated as a user, who may write anything",
	"the client is not one of our own, but authenticated to one that is" },
    submitted = { "its writer is a user of a server of trust.submission, and may write anything",
	"the client is not one of our own, but a server of trust.submission took it for a user" },
    sealed = { "its writer was believed by a seal",
	"the client is the one that a server of trust.sealers saw, by a seal (ARC) that holds" },
    gateway = { "its writer stands behind an address translation of ours",
	"the client has a private address but comes from outside, by an address translation" },
    private = { "its writer has a private address, which nobody outside can have", NULL },
    stranger = { "its writer is not one of our own", "the client is not one of our own" },
    connected = { "its writer is not one of our own", "the client that is connected is not one of our own" };

/* A line that was left out may have been any, and the older one a stranger's. */
static const char
    below_lost[] = "a line above it is no field and was left out",
    end_lost[] = "the line below it is no field and was left out";

/* What a name is looked for in: patterns, or a domain. */
struct wanted {
	const struct mt_patterns *patterns;	/* NULL: the domain */
	struct mt_span domain;
};

static bool
fits(const struct wanted *wanted, struct mt_span host)
{
	host = mt_name_strip(host);
	if (wanted->patterns != NULL)
		return mt_patterns_match(wanted->patterns, host);
	return mt_name_below(host, wanted->domain);
}

/* Names that lead back to the address (RFC 8601, 3): for the connection as we found it, for
 * a line as its server wrote it.  qmail takes what the reverse zone says as it is, so its
 * names prove nothing. */
static bool
verified(const struct mt_trace *trace, const struct mt_hop *hop, const struct wanted *wanted)
{
	const struct mt_iprev *iprev = &trace->peer->iprev;

	if (mt_hop_has(hop, MT_HOP_LIVE)) {
		for (unsigned i = 0; i < iprev->nnames; i++)
			if (mt_iprev_verified(iprev, iprev->names[i].name) && fits(wanted, iprev->names[i].name))
				return true;
		return false;
	}
	return hop->from.rdns.len > 0 && !mt_hop_has(hop, MT_HOP_MAY_BE_FORGED) &&
	    !mt_hop_has(hop, MT_HOP_UNVERIFIED) &&
	    (hop->dialect == NULL || strcmp(hop->dialect, "qmail") != 0) && fits(wanted, hop->from.rdns);
}

static bool
verified_as(const struct mt_trace *trace, const struct mt_hop *hop, const struct mt_patterns *patterns)
{
	return patterns->count > 0 && verified(trace, hop, &(struct wanted){ .patterns = patterns });
}

/* Addresses that container and machine hosts give to themselves by default, so that a
 * client from anywhere may appear under them: Docker's 172.x.0.1, Podman's 10.88.0.1 and
 * 10.0.2.100, and 10.0.2.2 of user-mode networks. */
static bool
default_gateway(const struct mt_ip *ip)
{
	const uint8_t *b = ip->bytes;

	if (ip->family != 4)
		return false;
	if (b[0] == 172)
		return b[1] >= 16 && b[1] < 32 && b[2] == 0 && b[3] == 1;
	if (b[0] != 10)
		return false;
	return (b[1] == 88 && b[2] == 0 && b[3] == 1) || (b[1] == 0 && b[2] == 2 && (b[3] == 2 || b[3] == 100));
}

/* A name that can be somebody else's: a host name of the public DNS, not of a private zone
 * (RFC 6761, 6762, 8375). */
static bool
public_name(struct mt_span s)
{
	static const char *const private_zones[] = {
		".local", ".localdomain", ".localhost", ".lan", ".internal", ".intranet",
		".intra", ".home", ".corp", ".arpa", ".invalid", ".test", ".example" };

	s = mt_name_strip(s);
	if (!mt_name_host(s) || !mt_name_qualified(s))
		return false;
	for (size_t i = 0; i < sizeof private_zones / sizeof *private_zones; i++)
		if (mt_span_ends(s, private_zones[i]))
			return false;
	return true;
}

/* A private client that is not what its address says: behind address translation all the
 * world has the gateway's.  What gives it away is the address itself, or a name of another
 * organisation than that of the host that wrote the line. */
static bool
translated(const struct mt_trust *trust, const struct mt_hop *hop)
{
	struct mt_span helo = hop->from.helo;

	if (default_gateway(&hop->from.ip))
		return true;
	return public_name(helo) && public_name(hop->by) &&
	    !mt_links_same_organisation(helo,
	    hop->by) &&
	    !mt_links_same_organisation(helo, trust->authserv_id) &&
	    !mt_links_same_organisation(hop->from.rdns, hop->by) &&
	    !mt_trust_our_name(trust, helo);
}

/* LMTP has no address to tell (RFC 2033); a line without a single clause was not written
 * about a client, nor was one "from" a mailbox, as content filters write it.  What names a
 * host and not its address proves none. */
static struct step
addressless(const struct mt_hop *hop)
{
	struct mt_span from = hop->from.helo;
	bool mailbox_from = hop->from.rdns.len == 0 && from.len > 0 && memchr(from.ptr, '@', from.len) != NULL;

	if (hop->kind == MT_HOP_UNPARSED || mailbox_from || mt_span_find(hop->with, "LMTP") != NULL)
		return silent;
	return nameless;
}

static struct step
look(const struct mt_trace *trace, const struct mt_hop *hop, size_t fields, bool by_submitter)
{
	const struct mt_trust *trust = trace->settings->trust;

	if (trust->hops > 0)
		return fields < trust->hops ? within : beyond;
	if (hop->kind == MT_HOP_LOCAL)
		return machine;
	if (hop->kind == MT_HOP_RETRIEVAL)
		return mailbox;
	if (hop->from.ip.family == 0)
		return addressless(hop);
	if (mt_ip_loopback(&hop->from.ip))
		return machine;
	if (mt_nets_have(&trust->networks, &hop->from.ip))
		return network;
	if (verified_as(trace, hop, &trust->names))
		return name;
	if (verified_as(trace, hop, &trust->relays))
		return relay;
	if (mt_hop_has(hop, MT_HOP_AUTHENTICATED))
		return user;
	if (by_submitter)
		return submitted;
	/* Of a saved message only: a private client of our own may be a gateway that hides
	 * the world, and what it hands over proves nothing. */
	if (trust->inferred && !mt_hop_has(hop, MT_HOP_LIVE) && mt_ip_private(&hop->from.ip))
		return translated(trust, hop) ? gateway : private;
	return mt_hop_has(hop, MT_HOP_LIVE) ? connected : stranger;
}

static void
disbelieve(struct mt_trace *trace, size_t below, const char *reason)
{
	for (size_t i = below; i-- > 0;) {
		trace->hops[i].trusted = false;
		trace->hops[i].reason = reason;
		reason = "older than a line that is not believed";
	}
}

/* The set of the newest seal that this hop's client can have made, from `below` down: it is of
 * a domain that we believe, and the client's verified name belongs to it.  Or NULL. */
static const struct mt_arc_set *
sealer(const struct mt_trace *trace, const struct mt_hop *hop, unsigned below)
{
	const struct mt_arc *arc = trace->arc;
	const struct mt_patterns *sealers = &trace->settings->trust->sealers;

	if (arc == NULL || arc->result != MT_PASS || arc->partial)
		return NULL;
	for (unsigned i = arc->nsets; i-- > 0;) {
		const struct mt_arc_set *set = &arc->sets[i];

		if (set->instance >= below)
			continue;
		/* Only the newest that is left: what is between was handed on by somebody else.
		 * Before oldest-pass a seal does not hold for the message (RFC 8617, 5.2). */
		if (set->instance < arc->oldest_pass || !mt_patterns_match(sealers, mt_name_strip(set->sealer)) ||
		    !verified(trace, hop, &(struct wanted){ .domain = mt_name_strip(set->sealer) }))
			return NULL;
		return set;
	}
	return NULL;
}

/* Moves the boundary from hop i to the line that the seal speaks of, and on from there while
 * its client sealed too.  Returns the hop at which it lies then. */
static size_t
follow_seals(struct mt_trace *trace, size_t i)
{
	const struct mt_arc_set *set;
	unsigned below = UINT32_MAX;

	while ((set = sealer(trace, &trace->hops[i], below)) != NULL) {
		size_t seen = i;

		while (seen > 0 && !mt_ip_equal(&trace->hops[seen - 1].from.ip, &set->remote_ip))
			seen--;
		if (set->remote_ip.family == 0 || seen == 0)
			break;
		while (i >= seen) {
			struct mt_hop *hop = &trace->hops[--i];

			hop->trusted = true;
			hop->reason = sealed.writer;
		}
		trace->boundary = (struct mt_boundary){ trace->hops[i].n, trace->hops[i].from.ip, sealed.end };
		below = set->instance;
	}
	return i;
}

void
mt_boundary_find(struct mt_trace *trace)
{
	struct mt_boundary *boundary = &trace->boundary;
	const char *reason = "the newest line, written where the message was kept";
	bool by_submitter = false;
	size_t fields = 0;

	*boundary = (struct mt_boundary){ .reason = "there is no line to believe" };
	for (size_t i = trace->nhops; i-- > 0;) {
		struct mt_hop *hop = &trace->hops[i];
		struct step step;

		if (mt_hop_has(hop, MT_HOP_LIVE)) {
			reason = "the connection itself, which we saw";
		} else if (trace->lost && fields == trace->whole) {
			boundary->reason = boundary->hop == 0 ? below_lost : end_lost;
			disbelieve(trace, i + 1, below_lost);
			return;
		} else {
			fields++;
		}
		hop->trusted = true;
		hop->reason = reason;
		boundary->hop = hop->n;
		boundary->ip = hop->from.ip;
		step = look(trace, hop, fields, by_submitter);
		if (step.end != NULL) {
			size_t end;

			boundary->reason = step.end;
			end = follow_seals(trace, i);
			disbelieve(trace, end, end < i ? stranger.writer : step.writer);
			return;
		}
		by_submitter = mt_nets_have(&trace->settings->trust->submission, &hop->from.ip);
		reason = step.writer;
		boundary->reason = "all lines are of our own";
	}
}
