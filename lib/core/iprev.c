/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows what PTR and forward answers mean together; asks nothing itself. */
#include "lib/core/iprev.h"

#include "lib/base/name.h"

enum mt_rrtype
mt_iprev_type(const struct mt_ip *client)
{
	return client->family == 6 ? MT_RR_AAAA : MT_RR_A;
}

/* The name of a host, as far as its bytes tell: no escape stands in it. */
static bool
usable_name(struct mt_span name)
{
	return mt_name_askable(name) && memchr(name.ptr, '\\', name.len) == NULL;
}

size_t
mt_iprev_ask(const struct mt_answer *ptr, size_t index[MT_PTR_NAMES])
{
	size_t n = 0;

	for (size_t i = 0; i < ptr->nrecords && i < MT_PTR_NAMES; i++)
		if (usable_name(ptr->records[i].text))
			index[n++] = i;
	return n;
}

/* RFC 8601, 3: pass if any name leads back, whatever the others do; else a temporary
 * trouble of any name leaves it open; else names beyond our bound, which asking again does not
 * bring nearer, are an error for good (2.7.3); else the names lead elsewhere. */
static void
judge(struct mt_iprev *iprev)
{
	enum mt_cause trouble = MT_CAUSE_NONE;
	bool open = false, usable = false;

	for (unsigned i = 0; i < iprev->nnames; i++) {
		const struct mt_ptr_name *name = &iprev->names[i];

		if (name->forward == MT_PASS) {
			iprev->iprev.result = MT_PASS;
			iprev->iprev.cause = MT_CAUSE_NONE;
			return;
		}
		open = open || (name->asked && !name->answered);
		usable = usable || name->asked;
		if (name->forward == MT_TEMPERROR && trouble == MT_CAUSE_NONE)
			trouble = name->cause;
	}
	if (open)
		return;
	/* The name that leads back may be one that the address has got since. */
	if (trouble == MT_CAUSE_NONE)
		trouble = iprev->stale;
	/* Or there was no memory for any. */
	if (trouble == MT_CAUSE_NONE && iprev->cut && iprev->nnames == 0)
		trouble = MT_CAUSE_LIMIT;
	if (trouble != MT_CAUSE_NONE)
		iprev->iprev = (struct mt_fact){ MT_TEMPERROR, trouble, iprev->iprev.msec };
	else if (iprev->cut)
		iprev->iprev = (struct mt_fact){ MT_PERMERROR, MT_CAUSE_LIMIT, iprev->iprev.msec };
	else if (usable)
		iprev->iprev = (struct mt_fact){ MT_FAIL, MT_CAUSE_NONE, iprev->iprev.msec };
	else
		iprev->iprev = (struct mt_fact){ MT_PERMERROR, MT_CAUSE_BAD_NAME, iprev->iprev.msec };
}

static void
take_names(struct mt_iprev *iprev, struct mt_arena *arena, const struct mt_answer *answer)
{
	size_t n = answer->nrecords < MT_PTR_NAMES ? answer->nrecords : MT_PTR_NAMES;
	struct mt_ptr_name *names = mt_arena_alloc(arena, n * sizeof *names);

	iprev->cut = answer->cut || answer->nrecords > n;
	iprev->cut = iprev->cut || names == NULL;
	if (names == NULL)
		return;
	iprev->names = names;
	iprev->nnames = (unsigned)n;
	for (size_t i = 0; i < n; i++) {
		names[i].name = mt_arena_copy(arena, answer->records[i].text);
		names[i].asked = usable_name(answer->records[i].text);
		if (!names[i].asked) {
			names[i].forward = MT_PERMERROR;
			names[i].cause = MT_CAUSE_BAD_NAME;
		}
	}
}

void
mt_iprev_ptr(struct mt_iprev *iprev, struct mt_arena *arena, const struct mt_answer *answer)
{
	iprev->ptr.msec = iprev->iprev.msec = answer->msec;
	iprev->ptr.cause = iprev->iprev.cause = answer->cause;
	iprev->stale = answer->stale;
	iprev->authentic = answer->authentic;
	if (mt_cause_nothing(answer->cause) || (answer->cause == MT_CAUSE_NONE && answer->nrecords == 0)) {
		iprev->ptr.result = iprev->iprev.result = answer->stale == MT_CAUSE_NONE ? MT_NONE : MT_TEMPERROR;
		if (answer->stale != MT_CAUSE_NONE)
			iprev->ptr.cause = iprev->iprev.cause = answer->stale;
		return;
	}
	if (answer->cause == MT_CAUSE_OFFLINE) {
		mt_iprev_skip(iprev, MT_CAUSE_OFFLINE);
		return;
	}
	if (answer->cause != MT_CAUSE_NONE) {
		iprev->ptr.result = iprev->iprev.result = MT_TEMPERROR;
		return;
	}
	take_names(iprev, arena, answer);
	iprev->ptr.result = MT_PASS;
	judge(iprev);
	if (iprev->iprev.result == MT_PERMERROR) {
		iprev->ptr.result = MT_PERMERROR;
		iprev->ptr.cause = iprev->iprev.cause;
	}
}

void
mt_iprev_forward(struct mt_iprev *iprev, size_t index, const struct mt_ip *client, const struct mt_answer *answer)
{
	struct mt_ptr_name *name;

	if (index >= iprev->nnames)
		return;
	name = &iprev->names[index];
	name->answered = true;
	name->authentic = answer->authentic;
	name->cause = answer->cause;
	if (mt_cause_nothing(answer->cause))
		name->forward = MT_NONE;
	else if (answer->cause != MT_CAUSE_NONE)
		name->forward = MT_TEMPERROR;
	else
		name->forward = answer->nrecords == 0 ? MT_NONE : MT_FAIL;
	if (name->forward == MT_FAIL && answer->cut) {
		name->forward = MT_TEMPERROR;
		name->cause = MT_CAUSE_LIMIT;
	}
	if (answer->stale != MT_CAUSE_NONE) {
		name->forward = MT_TEMPERROR;
		name->cause = answer->stale;
	}
	for (size_t i = 0; i < answer->nrecords; i++)
		if (mt_ip_equal(&answer->records[i].ip, client))
			name->forward = MT_PASS;
	if (iprev->ptr.msec + answer->msec > iprev->iprev.msec)
		iprev->iprev.msec = iprev->ptr.msec + answer->msec;
	judge(iprev);
}

void
mt_iprev_skip(struct mt_iprev *iprev, enum mt_cause cause)
{
	iprev->ptr = iprev->iprev = (struct mt_fact){ MT_SKIPPED, cause, 0 };
}

void
mt_iprev_expire(struct mt_iprev *iprev)
{
	if (iprev->ptr.result == MT_UNKNOWN) {
		iprev->ptr = iprev->iprev = (struct mt_fact){ MT_TEMPERROR, MT_CAUSE_DEADLINE, 0 };
		return;
	}
	for (unsigned i = 0; i < iprev->nnames; i++) {
		struct mt_ptr_name *name = &iprev->names[i];

		if (name->asked && !name->answered) {
			name->answered = true;
			name->forward = MT_TEMPERROR;
			name->cause = MT_CAUSE_DEADLINE;
		}
	}
	if (iprev->iprev.result == MT_UNKNOWN)
		judge(iprev);
}

struct mt_span
mt_iprev_name(const struct mt_iprev *iprev)
{
	for (unsigned i = 0; i < iprev->nnames; i++)
		if (iprev->names[i].forward == MT_PASS)
			return iprev->names[i].name;
	return iprev->nnames > 0 ? iprev->names[0].name : MT_ABSENT;
}

bool
mt_iprev_open(const struct mt_iprev *iprev)
{
	for (unsigned i = 0; i < iprev->nnames; i++)
		if (iprev->names[i].asked && !iprev->names[i].answered)
			return true;
	return false;
}

bool
mt_iprev_verified(const struct mt_iprev *iprev, struct mt_span name)
{
	for (unsigned i = 0; i < iprev->nnames; i++)
		if (iprev->names[i].forward == MT_PASS && mt_name_same(iprev->names[i].name, name))
			return true;
	return false;
}

bool
mt_iprev_trouble(const struct mt_iprev *iprev)
{
	return iprev->iprev.result == MT_TEMPERROR && !mt_iprev_open(iprev) && !(iprev->cut && iprev->nnames == 0);
}

bool
mt_iprev_authentic(const struct mt_iprev *iprev)
{
	for (unsigned i = 0; iprev->authentic && i < iprev->nnames; i++)
		if (iprev->names[i].forward == MT_PASS && iprev->names[i].authentic)
			return true;
	return false;
}

bool
mt_iprev_silent(const struct mt_iprev *iprev)
{
	for (unsigned i = 0; i < iprev->nnames; i++)
		if (iprev->names[i].forward == MT_TEMPERROR)
			return true;
	return false;
}
