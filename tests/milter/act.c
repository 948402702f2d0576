/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests milter/act.c where no real message gets in reasonable time: a header from which
 * foreign copies of our fields cannot be taken out.  Library and libmilter are played here. */
#include "milter/act.h"

#include <string.h>

#include "tests/unit/tap.h"

struct mt_trace {
	struct mt_verdict verdict;
	bool stripped;
};

static struct {
	char reply[128];		/* code, enhanced code and text as they were set */
	char said[256];
	unsigned edits, logged;
	bool quarantined;
} seen;

/* ---- the library, played ------------------------------------------------------------- */

const struct mt_verdict *
mt_trace_verdict(struct mt_trace *trace, enum mt_stage stage)
{
	(void)stage;
	return &trace->verdict;
}

const char *
mt_trace_id(const struct mt_trace *trace)
{
	(void)trace;
	return "01ID";
}

const struct mt_edit *
mt_trace_edit(struct mt_trace *trace, size_t i)
{
	static const struct mt_edit edit = { .insert = true, .name = "X-Trace-Result", .value = "v=1" };

	(void)trace;
	return i == 0 ? &edit : NULL;
}

bool
mt_trace_stripped(const struct mt_trace *trace)
{
	return trace->stripped;
}

int
mt_trace_log(struct mt_trace *trace)
{
	(void)trace;
	seen.logged++;
	return MT_OK;
}

void
mt_daemon_log(struct mt_daemon *daemon, int priority, const char *format, ...)
{
	va_list args;

	(void)daemon;
	(void)priority;
	va_start(args, format);
	vsnprintf(seen.said, sizeof seen.said, format, args);
	va_end(args);
}

/* ---- libmilter, played --------------------------------------------------------------------- */

int
smfi_setreply(SMFICTX *ctx, char *code, char *xcode, char *text)
{
	(void)ctx;
	snprintf(seen.reply, sizeof seen.reply, "%s %s %s", code, xcode == NULL ? "-" : xcode, text);
	return MI_SUCCESS;
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	(void)ctx;
	(void)index;
	(void)name;
	(void)value;
	seen.edits++;
	return MI_SUCCESS;
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	return smfi_insheader(ctx, index, name, value);
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	(void)ctx;
	(void)reason;
	seen.quarantined = true;
	return MI_SUCCESS;
}

/* ---- cases ------------------------------------------------------------------------------------- */

#define ODD "451 4.7.1 header too odd to be cleaned (01ID)"

static const struct {
	const char *name;
	bool stripped;
	enum mt_mode mode;
	enum mt_action action;
	const char *rule, *exempt;	/* NULL: none */
	sfsistat status;
	const char *reply;
	const char *said;		/* NULL: nothing at all */
	enum mt_counter counter;
} cases[] = {
	{ "a clean header", true, MT_MODE_ENFORCE, MT_ACCEPT, NULL, NULL, SMFIS_CONTINUE, "", NULL, MT_COUNT_ACCEPTED },
	{ "one that stays foul", false, MT_MODE_ENFORCE, MT_TEMPFAIL, NULL, NULL, SMFIS_TEMPFAIL, ODD,
	    "would stay; deferred", MT_COUNT_TEMPFAILED },
	{ "a deferral for another reason", true, MT_MODE_ENFORCE, MT_TEMPFAIL, NULL, NULL, SMFIS_TEMPFAIL, ODD, NULL,
	    MT_COUNT_TEMPFAILED },
	{ "held", true, MT_MODE_ENFORCE, MT_QUARANTINE, "q", NULL, SMFIS_CONTINUE, "", NULL, MT_COUNT_QUARANTINED },
	{ "a rule that rejects goes before", false, MT_MODE_ENFORCE, MT_REJECT, "r", NULL, SMFIS_REJECT, "550 5.7.1 no",
	    NULL, MT_COUNT_REJECTED },
	{ "a rule that defers goes before", false, MT_MODE_ENFORCE, MT_TEMPFAIL, "r", NULL, SMFIS_TEMPFAIL, ODD, NULL,
	    MT_COUNT_TEMPFAILED },
	{ "from an exempt client", false, MT_MODE_ENFORCE, MT_ACCEPT, NULL, "partners", SMFIS_CONTINUE, "", "stay in it",
	    MT_COUNT_ACCEPTED },
	{ "in monitor mode", false, MT_MODE_MONITOR, MT_ACCEPT, NULL, NULL, SMFIS_CONTINUE, "", "stay in it",
	    MT_COUNT_ACCEPTED },
	{ "clean, in monitor mode", true, MT_MODE_MONITOR, MT_ACCEPT, NULL, NULL, SMFIS_CONTINUE, "", NULL,
	    MT_COUNT_ACCEPTED },
};

static struct mt_span
span_of(const char *text)
{
	return (struct mt_span){ text, text == NULL ? 0 : strlen(text) };
}

static void
set_verdict(struct mt_verdict *verdict, size_t i)
{
	bool reject = cases[i].action == MT_REJECT, defer = cases[i].action == MT_TEMPFAIL;

	*verdict = (struct mt_verdict){ .decided = true, .mode = cases[i].mode, .action = cases[i].action,
		.rule = span_of(cases[i].rule), .exempt = span_of(cases[i].exempt),
		.code = reject ? 550 : defer ? 451 : 0, .xcode = span_of(reject ? "5.7.1" : "4.7.1"),
		.text = span_of(reject ? "no" : "header too odd to be cleaned (01ID)") };
}

int
main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mt_trace trace = { .stripped = cases[i].stripped };
		struct mt_daemon daemon = { 0 };
		bool goes_on = cases[i].status == SMFIS_CONTINUE;
		bool held = goes_on && cases[i].action == MT_QUARANTINE;
		sfsistat status;

		memset(&seen, 0, sizeof seen);
		set_verdict(&trace.verdict, i);
		status = mt_act_message(NULL, &daemon, &trace, false);
		tap_ok(status == cases[i].status, "%s: status", cases[i].name);
		if (!tap_ok(strcmp(seen.reply, cases[i].reply) == 0, "%s: reply", cases[i].name))
			tap_note("%s", seen.reply);
		if (!tap_ok(cases[i].said == NULL ? seen.said[0] == '\0' : strstr(seen.said, cases[i].said) != NULL,
		    "%s: what is told", cases[i].name))
			tap_note("%s", seen.said);
		tap_ok(seen.edits == (goes_on ? 1 : 0) && seen.quarantined == held, "%s: header and quarantine",
		    cases[i].name);
		tap_ok(seen.logged == 1 && atomic_load(&daemon.counters[cases[i].counter]) == 1,
		    "%s: logged and counted once", cases[i].name);
	}
	return tap_done();
}
