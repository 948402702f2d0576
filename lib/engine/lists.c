/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows when a list is to be probed and what a probe means; judges no message. */
#include "lib/engine/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

/* One zone.  Shared by the lists before and after a reload, and by its probe. */
struct health {
	atomic_uint refs;
	_Atomic(enum mt_result) state;
	atomic_uint failures;		/* probes in a row that told nothing */
	_Atomic int64_t due_msec;	/* of the next probe */
	void (*say)(void *ctx, int priority, const char *line);
	void *ctx;
	struct mt_dnsbl_zone zone;	/* its codes alone: any */
	char name[];
};

struct mt_lists {
	atomic_uint refs;
	_Atomic int64_t next_msec;	/* when to look again what is due */
	size_t count;
	struct health *zone[MT_DNSBL_ZONES];
};

/* ---- zones ---------------------------------------------------------------------------- */

static struct health *
health_ref(struct health *health)
{
	atomic_fetch_add_explicit(&health->refs, 1, memory_order_relaxed);
	return health;
}

static void
health_unref(struct health *health)
{
	if (health != NULL && atomic_fetch_sub_explicit(&health->refs, 1, memory_order_acq_rel) == 1)
		free(health);
}

static void
tell(const struct health *health, int priority, const char *what, const char *why)
{
	char line[256 + MT_NAME_TEXT];

	if (health->say == NULL)
		return;
	snprintf(line, sizeof line, "dnsbl \"%s\" %s%s", health->name, what, why);
	health->say(health->ctx, priority, line);
}

/* Once for each change, whoever finds it first. */
static void
switch_off(struct health *health, enum mt_result state, const char *why)
{
	if (atomic_exchange(&health->state, state) != state)
		tell(health, LOG_WARNING, "is switched off until a probe finds it well: it ", why);
}

static void
switch_on(struct health *health)
{
	enum mt_result old = atomic_exchange(&health->state, MT_CLEAN);

	atomic_store(&health->failures, 0);
	if (old != MT_UNKNOWN && old != MT_CLEAN)
		tell(health, LOG_NOTICE, "is well again, and is asked", "");
}

/* A probe that told what is wrong. */
static void
found(struct health *health, enum mt_result state, const char *why)
{
	atomic_store(&health->failures, 0);
	switch_off(health, state, why);
}

/* A probe that told nothing of use; the zone may be well all the same. */
static void
failed(struct health *health, enum mt_result state, const char *why)
{
	unsigned failures = atomic_fetch_add(&health->failures, 1) + 1;
	enum mt_result old = atomic_load(&health->state);

	/* What was found to be wrong is not unlearnt by silence. */
	if (failures >= MT_LISTS_FAILURES && (old == MT_UNKNOWN || old == MT_CLEAN))
		switch_off(health, state, why);
}

/* ---- one probe ------------------------------------------------------------------------ */

/* The entries of RFC 5782, 5: for IPv4, and for lists of IPv6 the mapped ones. */
enum entry { ENTRY_LISTED, ENTRY_NOT_LISTED, ENTRIES };

struct probe {
	struct health *health;
	struct mt_resolver *resolver;	/* lent; outlives its questions */
	int64_t began_msec;
	bool v6;			/* the second step */
	atomic_uint open;		/* questions without an answer */
	struct question {
		struct probe *probe;
		enum mt_cause cause;
		bool listed, refused, alien;
	} question[ENTRIES];
};

static void ask(struct probe *probe, bool v6);

static void
probe_free(struct probe *probe)
{
	health_unref(probe->health);
	free(probe);
}

static bool
nothing(const struct question *question)
{
	return mt_cause_nothing(question->cause) ||
	    (question->cause == MT_CAUSE_NONE && !question->listed && !question->refused && !question->alien);
}

/* Trouble of the list's own servers; what is ours says nothing of it. */
static bool
silent(const struct question *question)
{
	return question->cause == MT_CAUSE_TIMEOUT || question->cause == MT_CAUSE_SERVFAIL ||
	    question->cause == MT_CAUSE_REFUSED || question->cause == MT_CAUSE_GARBAGE;
}

/* What both answers mean; false: the second step has to tell. */
static bool
judge(struct probe *probe)
{
	const struct question *yes = &probe->question[ENTRY_LISTED], *no = &probe->question[ENTRY_NOT_LISTED];
	struct health *health = probe->health;

	if (yes->refused || no->refused)
		found(health, MT_REFUSED, "refuses our questions");
	else if (yes->alien || no->alien)
		found(health, MT_DEAD, "answers with addresses outside of 127.0.0.0/8");
	else if (no->listed)
		found(health, MT_DEAD, probe->v6 ? "lists ::ffff:127.0.0.1, and with it the whole world"
		    : "lists 127.0.0.1, and with it the whole world");
	else if (yes->listed && nothing(no))
		switch_on(health);
	else if (nothing(yes) && nothing(no) && !probe->v6)
		return false;
	else if (nothing(yes) && nothing(no))
		failed(health, MT_DEAD, "does not list its test entry 127.0.0.2 (RFC 5782, 5)");
	else if (silent(yes) || silent(no))
		failed(health, MT_TEMPERROR, "does not answer");
	return true;
}

/* The last answer of a step. */
static void
ended(struct probe *probe)
{
	enum mt_result state;

	if (!judge(probe)) {
		ask(probe, true);
		return;
	}
	state = atomic_load(&probe->health->state);
	if (atomic_load(&probe->health->failures) > 0 || state == MT_UNKNOWN)
		atomic_store(&probe->health->due_msec, probe->began_msec + MT_LISTS_AGAIN_MSEC);
	probe_free(probe);
}

static void
answered(void *ctx, struct mt_answer *answer)
{
	struct question *question = ctx;
	struct probe *probe = question->probe;
	size_t row;

	question->cause = answer == NULL ? MT_CAUSE_LIMIT : answer->cause;
	for (size_t i = 0; answer != NULL && i < answer->nrecords; i++) {
		enum mt_dnsbl_word word = mt_dnsbl_word(&probe->health->zone, &answer->records[i].ip, &row);

		question->refused = question->refused || word == MT_DNSBL_REFUSED;
		question->alien = question->alien || word == MT_DNSBL_ALIEN;
		question->listed = question->listed || word == MT_DNSBL_LISTED || word == MT_DNSBL_NO_ROW;
	}
	mt_answer_unref(answer);
	if (atomic_fetch_sub_explicit(&probe->open, 1, memory_order_acq_rel) == 1)
		ended(probe);
}

static void
ask(struct probe *probe, bool v6)
{
	struct mt_resolver *resolver = probe->resolver;

	probe->v6 = v6;
	atomic_store(&probe->open, ENTRIES);
	for (unsigned i = 0; i < ENTRIES; i++)
		probe->question[i] = (struct question){ .probe = probe };
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint8_t last = i == ENTRY_LISTED ? 2 : 1;
		/* Not IPv4 here, though it is everywhere else: the nibbles are asked about. */
		const struct mt_ip mapped = { 6, { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = last } };
		const struct mt_ip plain = { 4, { 127, 0, 0, last } };
		char name[MT_NAME_TEXT];

		/* The probe is gone with the last answer, which may come from within this call. */
		if (mt_dnsbl_name(name, v6 ? &mapped : &plain, probe->health->zone.zone))
			resolver->ask(resolver, name, MT_RR_A, answered, &probe->question[i]);
		else
			answered(&probe->question[i], NULL);
	}
}

static void
begin(struct health *health, struct mt_resolver *resolver, int64_t now_msec)
{
	struct probe *probe = calloc(1, sizeof *probe);

	if (probe == NULL)
		return;
	atomic_init(&probe->open, 0);
	probe->health = health_ref(health);
	probe->resolver = resolver;
	probe->began_msec = now_msec;
	ask(probe, false);
}

/* ---- all of them ---------------------------------------------------------------------- */

static struct health *
new_health(const struct mt_dnsbl_zone *zone, void (*say)(void *ctx, int priority, const char *line), void *ctx)
{
	struct health *health = calloc(1, sizeof *health + zone->zone.len + 1);

	if (health == NULL)
		return NULL;
	atomic_init(&health->refs, 1);
	atomic_init(&health->state, MT_UNKNOWN);
	atomic_init(&health->failures, 0);
	atomic_init(&health->due_msec, INT64_MIN);
	health->say = say;
	health->ctx = ctx;
	memcpy(health->name, zone->zone.ptr, zone->zone.len);
	health->zone.zone = (struct mt_span){ health->name, zone->zone.len };
	return health;
}

static struct health *
same_zone(const struct mt_lists *old, struct mt_span zone)
{
	for (size_t i = 0; old != NULL && i < old->count; i++)
		if (mt_name_same(old->zone[i]->zone.zone, zone))
			return health_ref(old->zone[i]);
	return NULL;
}

struct mt_lists *
mt_lists_new(const struct mt_dnsbl *settings, const struct mt_lists *old,
    void (*say)(void *ctx, int priority, const char *line), void *ctx)
{
	struct mt_lists *lists = calloc(1, sizeof *lists);

	if (lists == NULL)
		return NULL;
	atomic_init(&lists->refs, 1);
	atomic_init(&lists->next_msec, INT64_MIN);
	for (size_t z = 0; z < settings->nzones && z < MT_DNSBL_ZONES; z++) {
		struct health *health = same_zone(old, settings->zones[z].zone);

		if (health == NULL)
			health = new_health(&settings->zones[z], say, ctx);
		if (health == NULL) {
			mt_lists_unref(lists);
			return NULL;
		}
		lists->zone[lists->count++] = health;
	}
	/* Without zones there is never anything to look for. */
	if (lists->count == 0)
		atomic_init(&lists->next_msec, INT64_MAX);
	return lists;
}

struct mt_lists *
mt_lists_ref(struct mt_lists *lists)
{
	if (lists != NULL)
		atomic_fetch_add_explicit(&lists->refs, 1, memory_order_relaxed);
	return lists;
}

void
mt_lists_unref(struct mt_lists *lists)
{
	if (lists == NULL || atomic_fetch_sub_explicit(&lists->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < lists->count; i++)
		health_unref(lists->zone[i]);
	free(lists);
}

void
mt_lists_tick(struct mt_lists *lists, struct mt_resolver *resolver, int64_t now_mono_msec)
{
	int64_t next = atomic_load_explicit(&lists->next_msec, memory_order_relaxed);

	if (now_mono_msec < next ||
	    !atomic_compare_exchange_strong(&lists->next_msec, &next, now_mono_msec + MT_LISTS_TICK_MSEC))
		return;
	for (size_t i = 0; i < lists->count; i++) {
		int64_t due = atomic_load(&lists->zone[i]->due_msec);

		if (now_mono_msec >= due && atomic_compare_exchange_strong(&lists->zone[i]->due_msec, &due,
		    now_mono_msec + MT_LISTS_PROBE_MSEC))
			begin(lists->zone[i], resolver, now_mono_msec);
	}
}

void
mt_lists_states(const struct mt_lists *lists, enum mt_result states[MT_DNSBL_ZONES])
{
	for (size_t i = 0; i < MT_DNSBL_ZONES; i++)
		states[i] = i < lists->count ? atomic_load_explicit(&lists->zone[i]->state, memory_order_relaxed)
		    : MT_UNKNOWN;
}

void
mt_lists_note(struct mt_lists *lists, const struct mt_listings *listings)
{
	for (size_t i = 0; i < lists->count; i++) {
		if (listings->refused >> i & 1)
			switch_off(lists->zone[i], MT_REFUSED, "refuses our questions");
		else if (listings->alien >> i & 1)
			switch_off(lists->zone[i], MT_DEAD, "answers with addresses outside of 127.0.0.0/8");
	}
}
