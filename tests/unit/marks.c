/* SPDX-License-Identifier: BSD-2-Clause */
/* Which fields are a mark of a list, a service or a forwarder. */
#include "lib/core/marks.h"

#include "tests/unit/tap.h"

static const struct {
	const char *name;
	const char *list, *service, *forward;
} fields[] = {
	{ "List-Id", "List-Id", NULL, NULL }, { "LIST-ID", "List-Id", NULL, NULL },
	{ "list-unsubscribe", "List-Unsubscribe", NULL, NULL }, { "X-BeenThere", "X-BeenThere", NULL, NULL },
	{ "Mailing-List", "Mailing-List", NULL, NULL }, { "X-Loop", "X-Loop", NULL, NULL },
	{ "Feedback-ID", NULL, "Feedback-ID", NULL }, { "x-ses-outgoing", NULL, "X-SES-Outgoing", NULL },
	{ "X-Mailgun-Sid", NULL, "X-Mailgun-*", NULL }, { "X-MAILGUN-Variables", NULL, "X-Mailgun-*", NULL },
	{ "Resent-From", NULL, NULL, "Resent-From" }, { "x-forwarded-to", NULL, NULL, "X-Forwarded-To" },
	{ "X-MS-Exchange-Inbox-Rules-Loop", NULL, NULL, "X-MS-Exchange-Inbox-Rules-Loop" },
	{ "List-Id ", NULL, NULL, NULL }, { "List-", NULL, NULL, NULL }, { "List-Identity", NULL, NULL, NULL },
	{ "X-List", NULL, NULL, NULL }, { "X-Mailgun", NULL, NULL, NULL }, { "X-Mailgu", NULL, NULL, NULL },
	{ "XX-Loop", NULL, NULL, NULL }, { "Resent-Date", NULL, NULL, NULL }, { "Received", NULL, NULL, NULL },
	{ "Subject", NULL, NULL, NULL }, { "*", NULL, NULL, NULL }, { "", NULL, NULL, NULL },
};

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
test_fields(void)
{
	struct mt_marks marks = { NULL, NULL, NULL };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		marks = (struct mt_marks){ NULL, NULL, NULL };
		mt_marks_take(&marks, mt_span_text(fields[i].name));
		tap_ok(same(marks.list, fields[i].list) && same(marks.service, fields[i].service) &&
		    same(marks.forward, fields[i].forward), "\"%s\"", fields[i].name);
	}
	marks = (struct mt_marks){ NULL, NULL, NULL };
	mt_marks_take(&marks, MT_SPAN("X-Loop"));
	mt_marks_take(&marks, MT_SPAN("Feedback-ID"));
	mt_marks_take(&marks, MT_SPAN("List-Id"));
	mt_marks_take(&marks, MT_SPAN("X-Campaign"));
	tap_ok(same(marks.list, "X-Loop") && same(marks.service, "Feedback-ID") && marks.forward == NULL, "the first of a kind stays");
	mt_marks_take(&marks, MT_SPAN("Resent-To\0x"));
	mt_marks_take(&marks, MT_SPAN("\0"));
	mt_marks_take(&marks, MT_ABSENT);
	tap_ok(marks.forward == NULL, "a NUL is no end of a name");
}

static const struct {
	const char *sender;
	bool rewritten;
} senders[] = {
	{ "SRS0=HHH=TT=example.org=joe@forward.example", true }, { "SRS1=HHH=a.example==HHH=TT=example.org=joe@b.example", true },
	{ "srs0=hhh=tt=example.org=joe@forward.example", true }, { "SRS0+HHH=TT=example.org=joe@forward.example", true },
	{ "SRS0-HHH=TT=example.org=joe@forward.example", true }, { "SRS1+x@b.example", true }, { "SRS1-x@b.example", true },
	{ "SRS0=", true }, { "SRS0", false }, { "SRS2=x@b.example", false }, { "joe+SRS0=x@b.example", false },
	{ "joe@srs0=.example", false }, { "", false },
};

static void
test_senders(void)
{
	for (size_t i = 0; i < sizeof senders / sizeof *senders; i++)
		tap_ok(mt_marks_rewritten(mt_span_text(senders[i].sender)) == senders[i].rewritten, "<%s> is %s", senders[i].sender,
		    senders[i].rewritten ? "rewritten" : "as it was");
	tap_ok(!mt_marks_rewritten(MT_ABSENT), "no sender");
}

int
main(void)
{
	test_fields();
	test_senders();
	return tap_done();
}
