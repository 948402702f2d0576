/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows what MTAs call the ways out of them; asks no one, and refuses nobody.
 *
 * An administrator who lists a domain knows better than the name of a transport: mail of a
 * gateway's own domains leaves it by SMTP, as any other.  Words that are not in the table, such
 * as transports of the administrator's own making, settle nothing.
 */
#include "lib/core/recipient.h"

#include "lib/base/name.h"

/* Postfix names a transport (master.cf), Sendmail a mailer (cf/README, "MAILER"). */
static const struct {
	const char *word;
	enum mt_result result;
} mailers[] = {
	{ "local", MT_INSIDE }, { "virtual", MT_INSIDE }, { "lmtp", MT_INSIDE }, { "dovecot", MT_INSIDE },
	{ "cyrus", MT_INSIDE }, { "cyrusv2", MT_INSIDE }, { "maildrop", MT_INSIDE }, { "procmail", MT_INSIDE },
	{ "mailman", MT_INSIDE }, { "prog", MT_INSIDE }, { "*file*", MT_INSIDE }, { "*include*", MT_INSIDE },
	{ "smtp", MT_OUTSIDE }, { "esmtp", MT_OUTSIDE }, { "smtp8", MT_OUTSIDE }, { "dsmtp", MT_OUTSIDE },
	{ "relay", MT_OUTSIDE },
};

/* Postfix keeps the transport of this name for relay_domains, for which it takes mail from
 * anybody (postconf(5), relay_transport); in Sendmail it leads to the smart host. */
static bool
is_relay_domain(const struct mt_route *route)
{
	return mt_span_equal(mt_span_text(route->mailer), MT_SPAN("relay")) &&
	    mt_span_starts(mt_span_text(route->software), "Postfix");
}

enum mt_result
mt_recipient_told(const struct mt_route *route)
{
	struct mt_span mailer = mt_span_text(route->mailer);

	if (is_relay_domain(route))
		return MT_INSIDE;
	for (size_t i = 0; i < sizeof mailers / sizeof *mailers; i++)
		if (mt_span_equal(mailer, mt_span_text(mailers[i].word)))
			return mailers[i].result;
	return MT_UNKNOWN;
}

/* The domain behind the last '@' (a source route of RFC 5321, 4.1.1.3, has several), and what
 * stands before it; absent: there is none. */
static struct mt_span
split(struct mt_span address, struct mt_span *local)
{
	size_t at = address.len;

	while (at > 0 && address.ptr[at - 1] != '@')
		at--;
	*local = (struct mt_span){ address.ptr, at == 0 ? address.len : at - 1 };
	if (at == 0)
		return MT_ABSENT;
	return mt_name_strip((struct mt_span){ address.ptr + at, address.len - at });
}

/* "user%elsewhere.example@ours.example" and the like: one of ours is to pass it on (RFC 1123,
 * 5.2.16; RFC 5321, appendix C). */
static bool
leads_on(struct mt_span local)
{
	for (size_t i = 0; i < local.len; i++)
		if (local.ptr[i] == '%' || local.ptr[i] == '!' || local.ptr[i] == '@')
			return true;
	return false;
}

enum mt_result
mt_recipient_judge(struct mt_span address, const struct mt_trust *trust, enum mt_result told)
{
	struct mt_span local, domain = split(address, &local);

	if (address.len == 0)
		return told;
	if (domain.len > 0 && mt_patterns_match(&trust->domains, domain))
		return leads_on(local) && told == MT_OUTSIDE ? MT_OUTSIDE : MT_INSIDE;
	if (told != MT_UNKNOWN)
		return told;
	/* RFC 5321, 4.1.1.3: without a domain it is of this host. */
	return domain.ptr == NULL && !leads_on(local) ? MT_INSIDE : MT_UNKNOWN;
}
