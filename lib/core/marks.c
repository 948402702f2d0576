/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which fields lists, senders for others and forwarders add; believes none of them. */
#include "lib/core/marks.h"

enum kind { LIST, SERVICE, FORWARD };

/* A name with '*' at its end stands for all that begin so. */
static const struct { const char *name; enum kind kind; } fields[] = {
	{ "List-Id", LIST }, { "List-Post", LIST }, { "List-Unsubscribe", LIST }, { "List-Help", LIST },
	{ "List-Subscribe", LIST }, { "List-Owner", LIST }, { "List-Archive", LIST }, { "Mailing-List", LIST },
	{ "X-Mailing-List", LIST }, { "X-BeenThere", LIST }, { "X-Mailman-Version", LIST }, { "X-Listname", LIST },
	{ "X-List-ID", LIST }, { "X-ML-Name", LIST }, { "X-Loop", LIST },
	{ "Feedback-ID", SERVICE }, { "X-SES-Outgoing", SERVICE }, { "X-SG-EID", SERVICE }, { "X-SG-ID", SERVICE },
	{ "X-Mailgun-*", SERVICE }, { "X-Mandrill-User", SERVICE }, { "X-MC-User", SERVICE },
	{ "X-MSYS-API", SERVICE }, { "X-MSFBL", SERVICE }, { "X-PM-Message-Id", SERVICE },
	{ "X-CSA-Complaints", SERVICE }, { "X-SFMC-Stack", SERVICE }, { "X-Mailjet-Campaign", SERVICE },
	{ "X-MJ-Mid", SERVICE }, { "X-Campaign", SERVICE }, { "X-CampaignID", SERVICE }, { "X-Roving-ID", SERVICE },
	{ "X-Sib-Id", SERVICE }, { "X-Report-Abuse-To", SERVICE },
	{ "Delivered-To", FORWARD }, { "X-Original-To", FORWARD }, { "Envelope-To", FORWARD },
	{ "Resent-From", FORWARD }, { "Resent-To", FORWARD }, { "Resent-Sender", FORWARD },
	{ "X-Forwarded-To", FORWARD }, { "X-Forwarded-For", FORWARD }, { "X-Forwarded-By", FORWARD },
	{ "X-MS-Exchange-Inbox-Rules-Loop", FORWARD }, { "X-Yandex-Forward", FORWARD }, { "X-Sieve-Redirected-From", FORWARD },
};

static bool
matches(struct mt_span name, const char *field)
{
	size_t len = strlen(field);

	if (field[len - 1] != '*')
		return mt_span_same_text(name, field);
	return name.len >= len - 1 && mt_same_bytes(name.ptr, field, len - 1);
}

void
mt_marks_take(struct mt_marks *marks, struct mt_span name)
{
	if (name.len == 0)
		return;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const char **mark = fields[i].kind == LIST ? &marks->list
		    : fields[i].kind == SERVICE ? &marks->service : &marks->forward;

		if (*mark == NULL && mt_lower(name.ptr[0]) == mt_lower(fields[i].name[0]) &&
		    matches(name, fields[i].name))
			*mark = fields[i].name;
	}
}

bool
mt_marks_rewritten(struct mt_span sender)
{
	static const char *const starts[] = { "SRS0=", "SRS1=", "SRS0+", "SRS1+", "SRS0-", "SRS1-" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (mt_span_starts(sender, starts[i]))
			return true;
	return false;
}
