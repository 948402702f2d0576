/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the object "checks" of the schema "mailtrace/1": what was asked, and what came back. */
#include "lib/render/json.h"

#include "lib/core/date.h"

static json_t *
ptr_check(struct mt_json *r)
{
	const struct mt_peer *peer = r->trace->peer;
	json_t *o = mt_json_state(r, MT_FACT_PTR), *names = json_array();

	for (unsigned i = 0; peer != NULL && i < peer->iprev.nnames; i++)
		mt_json_append(r, names, mt_json_string(r, peer->iprev.names[i].name));
	mt_json_put(r, o, "names", names);
	mt_json_put_fact(r, o, MT_FACT_PTR);
	return o;
}

/* Each name with what became of it. */
static json_t *
iprev_check(struct mt_json *r)
{
	const struct mt_peer *peer = r->trace->peer;
	json_t *o = mt_json_state(r, MT_FACT_IPREV), *names = json_array();

	for (unsigned i = 0; peer != NULL && i < peer->iprev.nnames; i++) {
		const struct mt_ptr_name *name = &peer->iprev.names[i];
		json_t *n = json_object();

		mt_json_put(r, n, "name", mt_json_string(r, name->name));
		mt_json_put(r, n, "state", mt_json_text(r, mt_result_word(name->asked ? name->forward : MT_SKIPPED)));
		mt_json_put(r, n, "cause", mt_json_cause(r, name->cause));
		mt_json_append(r, names, n);
	}
	mt_json_put_fact(r, o, MT_FACT_IPREV);
	mt_json_put(r, o, "names", names);
	mt_json_put(r, o, "dnssec", json_boolean(peer != NULL && mt_iprev_authentic(&peer->iprev)));
	return o;
}

static json_t *
helo_check(struct mt_json *r)
{
	const struct mt_peer *peer = r->trace->peer;
	json_t *o = mt_json_state(r, MT_FACT_HELO), *addresses = json_array();

	for (unsigned i = 0; peer != NULL && i < peer->helo.naddresses; i++)
		mt_json_append(r, addresses, mt_json_ip(r, &peer->helo.addresses[i]));
	mt_json_put(r, o, "addresses", addresses);
	mt_json_put_fact(r, o, MT_FACT_HELO);
	mt_json_put(r, o, "changed_from", mt_json_string(r, peer == NULL ? MT_ABSENT : peer->helo.changed_from));
	return o;
}

/* A check of which no more is known than its state: the other keys are null. */
static json_t *
other_check(struct mt_json *r, enum mt_fact_name name, const char *const *keys)
{
	json_t *o = mt_json_state(r, name);

	mt_json_put_nulls(r, o, keys);
	return o;
}

static json_t *
ident_check(struct mt_json *r)
{
	json_t *o = json_object();

	mt_json_put(r, o, "state", mt_json_text(r, mt_result_word(MT_SKIPPED)));
	mt_json_put(r, o, "reason", mt_json_text(r, MT_JSON_NOT_BUILT));
	mt_json_put(r, o, "user", json_null());
	return o;
}

static json_t *
spf_check(struct mt_json *r, const struct mt_spf *spf)
{
	json_t *o = mt_json_result(r, spf->result, spf->cause);

	mt_json_put(r, o, "domain", mt_json_string(r, spf->domain));
	mt_json_put(r, o, "cause", mt_json_cause(r, spf->cause));
	mt_json_put(r, o, "mechanism", mt_json_string(r, spf->mechanism));
	mt_json_put(r, o, "why", mt_json_string(r, spf->why));
	mt_json_put(r, o, "lookups", json_integer(spf->lookups));
	mt_json_put(r, o, "voids", json_integer(spf->voids));
	return o;
}

static json_t *
signature(struct mt_json *r, const struct mt_signature *s)
{
	json_t *o = mt_json_result(r, s->result, s->cause);

	mt_json_put(r, o, "domain", mt_json_string(r, s->domain));
	mt_json_put(r, o, "selector", mt_json_string(r, s->selector));
	mt_json_put(r, o, "algorithm", mt_json_string(r, s->algorithm));
	mt_json_put(r, o, "identity", mt_json_string(r, s->identity));
	mt_json_put(r, o, "cause", mt_json_cause(r, s->cause));
	mt_json_put(r, o, "why", mt_json_string(r, s->why));
	mt_json_put(r, o, "key_bits", mt_json_number(s->key_bits));
	mt_json_put(r, o, "testing", json_boolean(s->testing));
	mt_json_put(r, o, "partial", json_boolean(s->partial));
	mt_json_put(r, o, "dnssec", json_boolean(s->authentic));
	return o;
}

static json_t *
dkim_check(struct mt_json *r)
{
	const struct mt_checks *checks = &r->trace->checks;
	json_t *a = json_array();

	for (unsigned i = 0; i < checks->nsignatures; i++)
		mt_json_append(r, a, signature(r, &checks->signatures[i]));
	return a;
}

/* The newest set is the one whose sealer vouches for the chain. */
static json_t *
arc_check(struct mt_json *r)
{
	const struct mt_arc *arc = &r->trace->checks.arc;
	const struct mt_arc_set *newest = arc->nsets == 0 ? NULL : &arc->sets[arc->nsets - 1];
	json_t *o = mt_json_result(r, arc->result, arc->cause), *sets = json_array();

	for (unsigned i = 0; i < arc->nsets; i++) {
		json_t *set = json_object();

		mt_json_put(r, set, "instance", json_integer(arc->sets[i].instance));
		mt_json_put(r, set, "sealer", mt_json_string(r, arc->sets[i].sealer));
		mt_json_put(r, set, "authserv_id", mt_json_string(r, arc->sets[i].authserv_id));
		mt_json_put(r, set, "remote_ip", mt_json_ip(r, &arc->sets[i].remote_ip));
		mt_json_append(r, sets, set);
	}
	mt_json_put(r, o, "instance", mt_json_number(newest == NULL ? 0 : newest->instance));
	mt_json_put(r, o, "sealer", newest == NULL ? json_null() : mt_json_string(r, newest->sealer));
	mt_json_put(r, o, "cause", mt_json_cause(r, arc->cause));
	mt_json_put(r, o, "why", mt_json_string(r, arc->why));
	mt_json_put(r, o, "partial", json_boolean(arc->partial));
	mt_json_put(r, o, "oldest_pass", mt_json_number(arc->oldest_pass));
	mt_json_put(r, o, "sets", sets);
	return o;
}

static json_t *
dmarc_check(struct mt_json *r)
{
	const struct mt_dmarc *dmarc = &r->trace->checks.dmarc;
	json_t *o = mt_json_result(r, dmarc->result, dmarc->cause);

	mt_json_put(r, o, "domain", mt_json_string(r, dmarc->domain));
	mt_json_put(r, o, "policy", mt_json_text(r, dmarc->policy));
	mt_json_put(r, o, "cause", mt_json_cause(r, dmarc->cause));
	mt_json_put(r, o, "why", mt_json_string(r, dmarc->why));
	mt_json_put(r, o, "record_domain", mt_json_string(r, dmarc->record_domain));
	mt_json_put(r, o, "spf_aligned", json_boolean(dmarc->spf_aligned));
	mt_json_put(r, o, "dkim_aligned", json_boolean(dmarc->dkim_aligned));
	return o;
}

static json_t *
listing(struct mt_json *r, const struct mt_listing *l)
{
	json_t *o = mt_json_result(r, l->result, l->cause);
	json_t *codes = json_array(), *names = json_array(), *classes = json_array();

	for (unsigned i = 0; i < l->ncodes; i++)
		mt_json_append(r, codes, mt_json_ip(r, &l->codes[i]));
	for (unsigned i = 0; i < l->nnames; i++) {
		mt_json_append(r, names, mt_json_string(r, l->names[i]));
		mt_json_append(r, classes, mt_json_string(r, l->classes[i]));
	}
	mt_json_put(r, o, "zone", mt_json_string(r, l->zone));
	mt_json_put(r, o, "codes", codes);
	mt_json_put(r, o, "names", names);
	mt_json_put(r, o, "classes", classes);
	mt_json_put(r, o, "cause", mt_json_cause(r, l->cause));
	mt_json_put(r, o, "hop", mt_json_number(l->hop));
	mt_json_put(r, o, "ip", mt_json_ip(r, &l->ip));
	mt_json_put(r, o, "allow", json_boolean(l->allow));
	return o;
}

static json_t *
dnsbl_check(struct mt_json *r)
{
	const struct mt_checks *checks = &r->trace->checks;
	json_t *a = json_array();

	for (size_t i = 0; i < checks->lists.count; i++)
		mt_json_append(r, a, listing(r, &checks->lists.listing[i]));
	return a;
}

/* Counts of what could not be asked about are not known, which is not zero; of a part of the
 * memory the reason says why it was a part. */
static json_t *
history_check(struct mt_json *r)
{
	static const char *const unknown[] = { "first", "last", "seen", "good", "bad", "origins", "senders", NULL };
	const struct mt_history *h = &r->trace->checks.history;
	json_t *o = mt_json_result(r, h->result, h->cause);

	if (h->result == MT_UNKNOWN || h->result == MT_SKIPPED) {
		mt_json_put_nulls(r, o, unknown);
		return o;
	}
	if (h->cause != MT_CAUSE_NONE)
		mt_json_put(r, o, "reason", mt_json_text(r, mt_cause_word(h->cause)));
	mt_json_put(r, o, "first", mt_json_instant(r, mt_time_told(h->first_sec)));
	mt_json_put(r, o, "last", mt_json_instant(r, mt_time_told(h->last_sec)));
	mt_json_put(r, o, "seen", json_integer((json_int_t)h->seen));
	mt_json_put(r, o, "good", json_integer((json_int_t)h->good));
	mt_json_put(r, o, "bad", json_integer((json_int_t)h->bad));
	mt_json_put(r, o, "origins", json_integer(h->origins));
	mt_json_put(r, o, "senders", json_integer(h->senders));
	return o;
}

json_t *
mt_json_checks(struct mt_json *r)
{
	static const char *const none[] = { NULL };
	json_t *o = json_object(), *spf = json_object();

	mt_json_put(r, o, "ptr", ptr_check(r));
	mt_json_put(r, o, "iprev", iprev_check(r));
	mt_json_put(r, o, "helo", helo_check(r));
	mt_json_put(r, spf, "mailfrom", spf_check(r, &r->trace->checks.spf_mailfrom));
	mt_json_put(r, spf, "helo", spf_check(r, &r->trace->checks.spf_helo));
	mt_json_put(r, o, "spf", spf);
	mt_json_put(r, o, "dkim", dkim_check(r));
	mt_json_put(r, o, "arc", arc_check(r));
	mt_json_put(r, o, "dmarc", dmarc_check(r));
	mt_json_put(r, o, "dnsbl", dnsbl_check(r));
	mt_json_put(r, o, "history", history_check(r));
	mt_json_put(r, o, "ident", ident_check(r));
	mt_json_put(r, o, "chain", other_check(r, MT_FACT_CHAIN, none));
	mt_json_put(r, o, "authenticated", other_check(r, MT_FACT_AUTHENTICATED, none));
	return o;
}
