/* SPDX-License-Identifier: BSD-2-Clause */
/* The resolvers that touch no network: one answers from a file, one answers nothing. */
#include <stdlib.h>

#include "lib/base/name.h"
#include "lib/source/packet.h"
#include "lib/source/script.h"

/* Answers from the file, or with one answer for everything. */
struct scripted {
	struct mt_resolver resolver;
	struct mt_script *script;	/* NULL: `fixed` for everything */
	struct mt_answer *fixed;	/* of a resolver without a script */
	struct mt_answer *bad_name, *loop;
};

/* The answer at the end of the chain that begins at a name. */
static struct mt_answer *
follow(const struct scripted *s, struct mt_span name, uint16_t type)
{
	const struct mt_script_entry *entry;

	for (unsigned i = 0; i <= MT_PACKET_CHAIN; i++) {
		entry = mt_script_find(s->script, name, type);
		if (entry == NULL)
			entry = mt_script_default(s->script);
		if (type == MT_RR_CNAME || entry->nrecords == 0 ||
		    entry != mt_script_find(s->script, name, MT_RR_CNAME))
			return entry->answer;
		name = entry->records->record.text;
	}
	return s->loop;
}

static void
scripted_ask(struct mt_resolver *self, const char *name, enum mt_rrtype type, mt_answer_fn *done, void *ctx)
{
	struct scripted *s = (struct scripted *)self;
	struct mt_answer *answer = s->fixed;

	if (s->script != NULL)
		answer = mt_name_askable(mt_span_text(name)) ? follow(s, mt_span_text(name), (uint16_t)type) :
		    s->bad_name;
	done(ctx, mt_answer_ref(answer));
}

static void
scripted_close(struct mt_resolver *self)
{
	struct scripted *s = (struct scripted *)self;

	if (s == NULL)
		return;
	mt_answer_unref(s->fixed);
	mt_answer_unref(s->bad_name);
	mt_answer_unref(s->loop);
	mt_script_free(s->script);
	free(s);
}

static struct scripted *
scripted_new(void)
{
	struct scripted *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->resolver = (struct mt_resolver){ scripted_ask, scripted_close };
	s->fixed = mt_answer_new(MT_CAUSE_OFFLINE, 0, 0);
	s->bad_name = mt_answer_new(MT_CAUSE_BAD_NAME, 0, 0);
	s->loop = mt_answer_new(MT_CAUSE_GARBAGE, 0, 0);
	if (s->fixed == NULL || s->bad_name == NULL || s->loop == NULL) {
		scripted_close(&s->resolver);
		return NULL;
	}
	return s;
}

struct mt_resolver *
mt_script_open(const char *path, mt_say_fn *say, void *ctx)
{
	struct scripted *s;

	if (path == NULL)
		return NULL;
	s = scripted_new();
	if (s == NULL)
		return NULL;
	s->script = mt_script_read(path, say, ctx);
	if (s->script == NULL) {
		scripted_close(&s->resolver);
		return NULL;
	}
	return &s->resolver;
}

struct mt_resolver *
mt_offline_open(void)
{
	struct scripted *s = scripted_new();

	return s == NULL ? NULL : &s->resolver;
}
