/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how libmilter is told what the verdict says; knows nothing of why. */
#include "milter/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "milter/macros.h"

#define MOST_REPLY 980			/* bytes that smfi_setreply() takes */

/* Sendmail takes the text for a format, and Postfix undoes a doubled '%': both want it
 * doubled.  Returns false if the text would be too long. */
static bool
double_percent(char *out, size_t size, struct mt_span text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (len + 3 > size)
			return false;
		if (text.ptr[i] == '%')
			out[len++] = '%';
		out[len++] = text.ptr[i];
	}
	out[len] = '\0';
	return true;
}

/* The class of the reply and the status must agree, or Postfix calls the reply malformed
 * and defers. */
static bool
set_reply(SMFICTX *ctx, const struct mt_verdict *verdict)
{
	char text[MOST_REPLY + 1], code[16], xcode[16];
	unsigned class = verdict->action == MT_REJECT ? 5 : 4;

	if (verdict->code / 100 != class || verdict->xcode.len >= sizeof xcode)
		return false;
	if (!double_percent(text, sizeof text, verdict->text))
		return false;
	snprintf(code, sizeof code, "%u", verdict->code);
	snprintf(xcode, sizeof xcode, "%.*s", (int)verdict->xcode.len,
	    verdict->xcode.ptr == NULL ? "" : verdict->xcode.ptr);
	return smfi_setreply(ctx, code, xcode[0] == '\0' ? NULL : xcode, text) == MI_SUCCESS;
}

sfsistat
mt_act_refuse(SMFICTX *ctx, struct mt_daemon *daemon, const struct mt_trace *trace,
    const struct mt_verdict *verdict)
{
	if (verdict->code != 0 && !set_reply(ctx, verdict))
		mt_daemon_log(daemon, LOG_WARNING, "%s: the reply was not taken; the MTA's own stands for it",
		    mt_trace_id(trace));
	return verdict->action == MT_REJECT ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

void
mt_act_count(struct mt_daemon *daemon, enum mt_action action)
{
	switch (action) {
	case MT_ACCEPT:
	case MT_ACTIONS:
		mt_daemon_count(daemon, MT_COUNT_ACCEPTED);
		break;
	case MT_TAG:
		mt_daemon_count(daemon, MT_COUNT_TAGGED);
		break;
	case MT_QUARANTINE:
		mt_daemon_count(daemon, MT_COUNT_QUARANTINED);
		break;
	case MT_TEMPFAIL:
		mt_daemon_count(daemon, MT_COUNT_TEMPFAILED);
		break;
	case MT_REJECT:
		mt_daemon_count(daemon, MT_COUNT_REJECTED);
		break;
	}
}

/* With SMFIP_HDR_LEADSPC the space behind the colon is ours to write. */
static int
insert(SMFICTX *ctx, const struct mt_edit *edit, char *name, bool leading_space)
{
	size_t len = strlen(edit->value);
	char *value;
	int rc;

	if (!leading_space)
		return smfi_insheader(ctx, (int)edit->index, name, mt_macro_plain(edit->value));
	value = malloc(len + 2);
	if (value == NULL)
		return MI_FAILURE;
	value[0] = ' ';
	memcpy(value + 1, edit->value, len + 1);
	rc = smfi_insheader(ctx, (int)edit->index, name, value);
	free(value);
	return rc;
}

/* Deletions come first, highest index down, as both MTAs need it (Postfix renumbers at
 * once).  A field that cannot be edited is no reason to lose mail. */
static void
edit_header(SMFICTX *ctx, struct mt_daemon *daemon, struct mt_trace *trace, bool leading_space)
{
	const struct mt_edit *edit;
	size_t failed = 0;

	for (size_t i = 0; (edit = mt_trace_edit(trace, i)) != NULL; i++) {
		char *name = mt_macro_plain(edit->name);
		int rc;

		if (edit->insert)
			rc = insert(ctx, edit, name, leading_space);
		else
			rc = smfi_chgheader(ctx, name, (int)edit->index, NULL);
		failed += rc != MI_SUCCESS;
	}
	if (failed > 0)
		mt_daemon_log(daemon, LOG_WARNING, "%s: %zu changes of the header were not taken",
		    mt_trace_id(trace), failed);
}

static void
hold(SMFICTX *ctx, struct mt_daemon *daemon, const struct mt_trace *trace, const struct mt_verdict *verdict)
{
	char reason[256];

	snprintf(reason, sizeof reason, "mailtrace: rule %.*s (%s)", (int)(verdict->rule.len > 128 ? 128 :
	    verdict->rule.len), verdict->rule.ptr == NULL ? "" : verdict->rule.ptr, mt_trace_id(trace));
	if (smfi_quarantine(ctx, reason) != MI_SUCCESS)
		mt_daemon_log(daemon, LOG_WARNING, "%s: the MTA does not offer quarantine; the message goes on",
		    mt_trace_id(trace));
}

/* A copy of our fields that stays in the header would speak in our name.  Whoever buries it
 * so deep is asked to come again without; exempt clients are believed anyway. */
static void
say_odd(struct mt_daemon *daemon, const struct mt_trace *trace, bool deferred)
{
	if (!mt_trace_stripped(trace))
		mt_daemon_log(daemon, LOG_WARNING, "%s: header too odd to be cleaned: foreign copies of our fields %s",
		    mt_trace_id(trace), deferred ? "would stay; deferred" : "stay in it");
}

sfsistat
mt_act_message(SMFICTX *ctx, struct mt_daemon *daemon, struct mt_trace *trace, bool leading_space)
{
	const struct mt_verdict *verdict = mt_trace_verdict(trace, MT_STAGE_EOM);
	bool refuses;
	sfsistat status = SMFIS_CONTINUE;

	if (verdict == NULL)
		return SMFIS_CONTINUE;
	refuses = verdict->action == MT_REJECT || verdict->action == MT_TEMPFAIL;
	if (refuses) {
		status = mt_act_refuse(ctx, daemon, trace, verdict);
	} else {
		edit_header(ctx, daemon, trace, leading_space);
		if (verdict->action == MT_QUARANTINE)
			hold(ctx, daemon, trace, verdict);
	}
	if (!refuses || verdict->rule.ptr == NULL)
		say_odd(daemon, trace, refuses);
	mt_act_count(daemon, verdict->action);
	(void)mt_trace_log(trace);
	return status;
}
