/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which question was asked and what came back; knows nothing of what it means. */
#include "lib/engine/asked.h"

#include <stdlib.h>

#include "lib/base/name.h"
#include "lib/engine/engine.h"

#define INDEX_BITS 8			/* of a letter's index: which entry; above: whose */
#define INDEX_MASK ((1u << INDEX_BITS) - 1)
#define ROOM_FIRST 8

_Static_assert(MT_ASKED_MOST <= INDEX_MASK + 1, "an entry's number must fit the letter");

struct mt_asked_entry {
	char *name;			/* lower case, without a final dot */
	enum mt_rrtype type;
	bool answered;
	unsigned judges;		/* who looked at it */
	struct mt_answer *answer;	/* a reference; NULL where `answered` says that none will come */
};

/* Answers of our own making, for what was not asked or did not come. */
static const struct mt_answer bad_name = { .cause = MT_CAUSE_BAD_NAME };
static const struct mt_answer beyond = { .cause = MT_CAUSE_LIMIT };
static const struct mt_answer too_late = { .cause = MT_CAUSE_DEADLINE };

static struct mt_asked_entry *
find(const struct mt_asked *asked, const char *name, enum mt_rrtype type)
{
	for (unsigned i = 0; asked != NULL && i < asked->count; i++)
		if (asked->entries[i].type == type && strcmp(asked->entries[i].name, name) == 0)
			return &asked->entries[i];
	return NULL;
}

static bool
make_room(struct mt_asked *asked)
{
	unsigned room = asked->room == 0 ? ROOM_FIRST : asked->room * 2;
	struct mt_asked_entry *more;

	if (asked->count < asked->room)
		return true;
	more = realloc(asked->entries, room * sizeof *more);
	if (more == NULL)
		return false;
	asked->entries = more;
	asked->room = room;
	return true;
}

/* Asks, and looks at once whether the answer was at hand. */
static struct mt_asked_entry *
add(struct mt_asked *asked, const char *name, enum mt_rrtype type)
{
	unsigned index = asked->count;
	char *kept;

	if (asked->count + asked->keep >= asked->most || !make_room(asked) ||
	    !mt_budget_ask(asked->conn->budget, name, type, asked->keep))
		return NULL;
	kept = strdup(name);
	if (kept == NULL)
		return NULL;
	asked->entries[asked->count++] = (struct mt_asked_entry){ .name = kept, .type = type,
		.judges = asked->judge };
	mt_conn_ask(asked->conn, kept, type, asked->serial << INDEX_BITS | index);
	mt_conn_apply(asked->conn);
	return &asked->entries[index];
}

static const struct mt_answer *
answer_of(const struct mt_asked *asked, const struct mt_asked_entry *entry)
{
	if (entry->answer != NULL)
		return mt_answer_sound(entry->answer);
	if (entry->answered)
		return &beyond;
	return asked->closed ? &too_late : NULL;
}

static const struct mt_answer *
answer(struct mt_ask *self, struct mt_span name, enum mt_rrtype type)
{
	struct mt_asked *asked = (struct mt_asked *)self;
	struct mt_asked_entry *entry;
	char normal[MT_NAME_TEXT];

	if (!mt_name_normal(name, normal))
		return &bad_name;
	entry = find(asked->also, normal, type);
	if (entry == NULL)
		entry = find(asked, normal, type);
	if (entry == NULL && asked->closed)
		return &too_late;
	if (entry == NULL)
		entry = add(asked, normal, type);
	if (entry == NULL)
		return &beyond;
	entry->judges |= asked->judge;
	return answer_of(asked, entry);
}

void
mt_asked_open(struct mt_asked *asked, struct mt_conn *conn, struct mt_asked *also, unsigned most)
{
	*asked = (struct mt_asked){ .ask = { answer }, .conn = conn, .also = also, .most = most,
		.serial = ++conn->serial & (UINT32_MAX >> INDEX_BITS), .next = conn->asked };
	conn->asked = asked;
}

void
mt_asked_close(struct mt_asked *asked)
{
	struct mt_asked **at;

	if (asked->conn == NULL)
		return;
	for (at = &asked->conn->asked; *at != NULL; at = &(*at)->next)
		if (*at == asked) {
			*at = asked->next;
			break;
		}
	for (unsigned i = 0; i < asked->count; i++) {
		free(asked->entries[i].name);
		mt_answer_unref(asked->entries[i].answer);
	}
	free(asked->entries);
	*asked = (struct mt_asked){ 0 };
}

/* Whether another asking may bring more than what came. */
static bool
in_trouble(const struct mt_asked_entry *entry)
{
	const struct mt_answer *came = entry->answer;

	return entry->answered && (came == NULL || came->stale != MT_CAUSE_NONE ||
	    (mt_cause_trouble(came->cause) && came->cause != MT_CAUSE_OFFLINE));
}

bool
mt_asked_renew(struct mt_asked *asked)
{
	bool any = false;

	for (unsigned i = 0; i < asked->count; i++) {
		struct mt_asked_entry *entry = &asked->entries[i];

		if (!in_trouble(entry))
			continue;
		any = true;
		mt_answer_unref(entry->answer);
		entry->answer = NULL;
		entry->answered = false;
		entry->judges = 0;
		mt_conn_ask(asked->conn, entry->name, entry->type, asked->serial << INDEX_BITS | i);
	}
	return any;
}

/* Each of those who may have read the entry is told for itself. */
static void
tell(struct mt_conn *conn, const struct mt_asked *asked, unsigned judges)
{
	for (struct mt_asked *reader = conn->asked; reader != NULL; reader = reader->next)
		if (reader == asked || reader->also == asked)
			reader->news |= judges;
}

void
mt_asked_take(struct mt_conn *conn, unsigned index, struct mt_answer *answer)
{
	unsigned at = index & INDEX_MASK;

	for (struct mt_asked *asked = conn->asked; asked != NULL; asked = asked->next) {
		struct mt_asked_entry *entry;

		if (asked->serial != index >> INDEX_BITS || at >= asked->count)
			continue;
		entry = &asked->entries[at];
		if (!entry->answered)
			entry->answer = answer == NULL ? NULL : mt_answer_ref(answer);
		entry->answered = true;
		tell(conn, asked, entry->judges);
		return;
	}
}
