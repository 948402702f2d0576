/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how the signatures of a chain are judged together, and what an answer about a key
 * means for that (RFC 8617, 5.2, steps 4 to 6); refuses to know what they cover. */
#include "lib/source/arc_parts.h"

struct judged {
	enum mt_result result;		/* pass fail temperror skipped */
	enum mt_cause cause;
	const char *why;
};

static struct judged
judge_key(const struct mt_arc_check *check, const struct mt_arc_field *field, const uint8_t *hash,
    const struct mt_key_record *key)
{
	if (key->type == MT_KEY_RSA && key->bits < check->min_key_bits)
		return (struct judged){ MT_FAIL, MT_CAUSE_NONE, "its key is too short" };
	switch (mt_crypto_verify(key, field->algorithm, field->b, hash)) {
	case MT_CRYPTO_GOOD:
		return (struct judged){ MT_PASS, MT_CAUSE_NONE, NULL };
	case MT_CRYPTO_BAD:
		return (struct judged){ MT_FAIL, MT_CAUSE_NONE, "its signature does not fit" };
	case MT_CRYPTO_NO_SIGNATURE:
		return (struct judged){ MT_FAIL, MT_CAUSE_NONE, "its signature cannot be read" };
	case MT_CRYPTO_NO_KEY:
		return (struct judged){ MT_FAIL, MT_CAUSE_NONE, "its key cannot be used" };
	case MT_CRYPTO_NO_MEMORY:
		break;
	}
	return (struct judged){ MT_TEMPERROR, MT_CAUSE_LIMIT, "there was no memory to verify it" };
}

/* One signature with the answer about its key. */
static struct judged
judge_field(const struct mt_arc_check *check, const struct mt_arc_field *field, const uint8_t *hash,
    const struct mt_answer *answer)
{
	struct mt_key_use use = { .algorithm = field->algorithm };
	struct mt_key_record key;
	struct judged first;

	if (answer->cause == MT_CAUSE_BAD_NAME)
		return (struct judged){ MT_FAIL, MT_CAUSE_NONE, "it names no key" };
	if (mt_cause_trouble(answer->cause))
		return (struct judged){ answer->cause == MT_CAUSE_OFFLINE ? MT_SKIPPED : MT_TEMPERROR, answer->cause,
			"its key could not be asked for" };
	if (answer->nrecords == 0)
		return (struct judged){ MT_FAIL, MT_CAUSE_NONE, "there is no key for it" };
	if (!mt_key_record_choose(&key, answer, &use, 0))
		return (struct judged){ MT_FAIL, MT_CAUSE_NONE, key.why };
	first = judge_key(check, field, hash, &key);
	for (unsigned n = 1; first.result == MT_FAIL && mt_key_record_choose(&key, answer, &use, n); n++) {
		struct judged other = judge_key(check, field, hash, &key);

		if (other.result != MT_FAIL)
			return other;
	}
	return first;
}

struct answers {
	const struct mt_answer *seal[MT_ARC_INSTANCES + 1], *message[MT_ARC_INSTANCES + 1];
	bool open;
};

static const struct mt_answer *
ask_key(struct answers *answers, struct mt_ask *ask, const struct mt_arc_field *field)
{
	char name[MT_NAME_TEXT];
	const struct mt_answer *answer;

	mt_key_record_name(name, field->selector, field->domain);
	answer = mt_ask(ask, mt_span_text(name), MT_RR_TXT);
	answers->open = answers->open || answer == NULL;
	return answer;
}

/* RFC 8617, 5.2, steps 4 and 6.  What surely breaks the chain does so whatever else could
 * not be asked. */
static void
judge_chain(struct mt_arc_check *check, const struct answers *answers)
{
	const struct mt_arc_found *chain = check->chain;
	unsigned newest = chain->form.newest;
	struct judged one = judge_field(check, chain->form.field[newest][MT_ARC_MESSAGE], chain->message[newest],
	    answers->message[newest]);

	if (one.result != MT_PASS)
		mt_arc_settle_field(check, MT_ARC_MESSAGE, newest, one.result, one.cause, one.why);
	for (unsigned i = newest; i > 0 && check->result != MT_FAIL; i--) {
		one = judge_field(check, chain->form.field[i][MT_ARC_SEAL], chain->seal[i], answers->seal[i]);
		if (one.result == MT_FAIL || (one.result != MT_PASS && check->result == MT_UNKNOWN))
			mt_arc_settle_field(check, MT_ARC_SEAL, i, one.result, one.cause, one.why);
	}
	if (check->result == MT_UNKNOWN)
		mt_arc_settle(check, MT_PASS, MT_CAUSE_NONE, NULL);
}

/* RFC 8617, 5.2, step 5: 0 where all of them hold. */
static void
judge_older(struct mt_arc_check *check, const struct answers *answers)
{
	const struct mt_arc_found *chain = check->chain;
	unsigned i = chain->form.newest;

	for (; i > chain->lowest; i--) {
		const struct mt_arc_field *field = chain->form.field[i - 1][MT_ARC_MESSAGE];

		if (mt_signed_body_judge(chain->body[i - 1], field->bh) != NULL ||
		    judge_field(check, field, chain->message[i - 1], answers->message[i - 1]).result != MT_PASS)
			break;
	}
	check->instance = i == 1 ? 0 : i;
}

void
mt_arc_verify(struct mt_arc_check *check, struct mt_ask *ask)
{
	const struct mt_arc_found *chain = check->chain;
	struct answers answers = { .open = false };

	for (unsigned i = chain->form.newest; i > 0; i--) {
		if (i >= chain->lowest)
			answers.message[i] = ask_key(&answers, ask, chain->form.field[i][MT_ARC_MESSAGE]);
		answers.seal[i] = ask_key(&answers, ask, chain->form.field[i][MT_ARC_SEAL]);
	}
	if (answers.open)
		return;
	judge_chain(check, &answers);
	if (check->result == MT_PASS)
		judge_older(check, &answers);
}
