/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how an answer is laid out in memory; knows no wire format. */
#include "lib/core/answer.h"

#include <stdlib.h>

struct storage {
	struct mt_answer answer;
	char *at, *end;			/* text not yet given out */
};

struct mt_answer *
mt_answer_new(enum mt_cause cause, size_t nrecords, size_t text_bytes)
{
	size_t records = nrecords * sizeof(struct mt_record);
	struct storage *s = calloc(1, sizeof *s + records + text_bytes);

	if (s == NULL)
		return NULL;
	atomic_init(&s->answer.refs, 1);
	s->answer.cause = cause;
	s->answer.nrecords = nrecords;
	s->answer.records = (struct mt_record *)(s + 1);
	s->at = (char *)(s + 1) + records;
	s->end = s->at + text_bytes;
	return &s->answer;
}

void
mt_answer_set_text(struct mt_answer *answer, size_t i, struct mt_span text)
{
	struct storage *s = (struct storage *)answer;

	if (i >= answer->nrecords || (size_t)(s->end - s->at) < text.len + 1)
		return;
	if (text.len > 0)
		memcpy(s->at, text.ptr, text.len);
	s->at[text.len] = '\0';
	answer->records[i].text = (struct mt_span){ s->at, text.len };
	s->at += text.len + 1;
}

struct mt_answer *
mt_answer_stale(const struct mt_answer *answer, enum mt_cause why)
{
	struct mt_answer *copy;
	size_t text = 0;

	for (size_t i = 0; i < answer->nrecords; i++)
		if (answer->records[i].text.ptr != NULL)
			text += answer->records[i].text.len + 1;
	copy = mt_answer_new(answer->cause, answer->nrecords, text);
	if (copy == NULL)
		return NULL;
	copy->authentic = answer->authentic;
	copy->cut = answer->cut;
	copy->stale = why;
	for (size_t i = 0; i < answer->nrecords; i++) {
		copy->records[i].ip = answer->records[i].ip;
		copy->records[i].preference = answer->records[i].preference;
		if (answer->records[i].text.ptr != NULL)
			mt_answer_set_text(copy, i, answer->records[i].text);
	}
	return copy;
}

const struct mt_answer *
mt_answer_sound(const struct mt_answer *answer)
{
	static const struct mt_answer trouble[MT_CAUSES] = {
		[MT_CAUSE_TIMEOUT] = { .cause = MT_CAUSE_TIMEOUT }, [MT_CAUSE_SERVFAIL] = { .cause = MT_CAUSE_SERVFAIL },
		[MT_CAUSE_REFUSED] = { .cause = MT_CAUSE_REFUSED }, [MT_CAUSE_GARBAGE] = { .cause = MT_CAUSE_GARBAGE },
		[MT_CAUSE_NETWORK] = { .cause = MT_CAUSE_NETWORK }, [MT_CAUSE_BREAKER] = { .cause = MT_CAUSE_BREAKER },
		[MT_CAUSE_LIMIT] = { .cause = MT_CAUSE_LIMIT }, [MT_CAUSE_DEADLINE] = { .cause = MT_CAUSE_DEADLINE },
	};

	return answer->stale == MT_CAUSE_NONE ? answer : &trouble[answer->stale];
}

struct mt_answer *
mt_answer_ref(struct mt_answer *answer)
{
	if (answer != NULL)
		atomic_fetch_add_explicit(&answer->refs, 1, memory_order_relaxed);
	return answer;
}

void
mt_answer_unref(struct mt_answer *answer)
{
	if (answer != NULL && atomic_fetch_sub_explicit(&answer->refs, 1, memory_order_acq_rel) == 1)
		free(answer);
}
