/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows how facts of every kind become values of JSON: what is absent is null, bytes that are
 * no UTF-8 are cleaned, and what was not asked is "skipped" with a reason. */
#include "lib/render/json.h"

#include "lib/base/buf.h"
#include "lib/core/date.h"
#include "lib/render/utf8.h"

/* Puts a value in its place, which takes it over; all that jansson refuses ends here. */
void
mt_json_put(struct mt_json *r, json_t *object, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new_nocheck(object, key, value) != 0)
		r->failed = true;
}

void
mt_json_append(struct mt_json *r, json_t *array, json_t *value)
{
	if (value == NULL || json_array_append_new(array, value) != 0)
		r->failed = true;
}

/* The one way by which bytes become a JSON string; absent is null. */
json_t *
mt_json_string(struct mt_json *r, struct mt_span s)
{
	struct mt_buf buf;

	if (s.ptr == NULL)
		return json_null();
	if (mt_utf8_valid(s))
		return json_stringn_nocheck(s.ptr, s.len);
	mt_buf_init(&buf, &r->scratch, 0);
	mt_utf8_clean(&buf, s);
	if (buf.cut)
		return NULL;
	return json_stringn_nocheck(buf.ptr, buf.len);
}

json_t *
mt_json_text(struct mt_json *r, const char *s)
{
	return mt_json_string(r, mt_span_text(s));
}

json_t *
mt_json_ip(struct mt_json *r, const struct mt_ip *address)
{
	char out[MT_IP_TEXT];

	return address->family == 0 ? json_null() : mt_json_text(r, mt_ip_text(address, out));
}

/* Zero means that there is none. */
json_t *
mt_json_number(uint64_t n)
{
	return n == 0 ? json_null() : json_integer((json_int_t)n);
}

json_t *
mt_json_instant(struct mt_json *r, int64_t unix_msec)
{
	char out[MT_TIME_TEXT];

	return unix_msec == 0 ? json_null() : mt_json_text(r, mt_time_text(unix_msec, out));
}

/* Keys that this build finds nothing out about: all null. */
void
mt_json_put_nulls(struct mt_json *r, json_t *object, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		mt_json_put(r, object, *keys, json_null());
}

json_t *
mt_json_cause(struct mt_json *r, enum mt_cause c)
{
	return c == MT_CAUSE_NONE ? json_null() : mt_json_text(r, mt_cause_word(c));
}

json_t *
mt_json_result(struct mt_json *r, enum mt_result result, enum mt_cause cause)
{
	json_t *o = json_object();

	/* What is still unknown when the report is drawn nobody asked about: the message was
	 * decided before, or ended. */
	if (result == MT_UNKNOWN) {
		result = MT_SKIPPED;
		cause = MT_CAUSE_NOT_NEEDED;
	}
	mt_json_put(r, o, "state", mt_json_text(r, mt_result_word(result)));
	if (result == MT_SKIPPED)
		mt_json_put(r, o, "reason", mt_json_text(r, mt_cause_word(cause == MT_CAUSE_NONE ? MT_CAUSE_NOT_NEEDED
		    : cause)));
	return o;
}

/* The state of a fact.  What nobody asked about is skipped, and the cause says why. */
json_t *
mt_json_state(struct mt_json *r, enum mt_fact_name name)
{
	const struct mt_fact *fact = &r->trace->facts.fact[name];
	bool idle = fact->result == MT_UNKNOWN && (r->trace->peer == NULL || !r->trace->peer->known);
	json_t *o;

	if (mt_fact_row(name)->built || fact->result != MT_UNKNOWN)
		return mt_json_result(r, idle ? MT_SKIPPED : fact->result, idle ? MT_CAUSE_NO_INPUT : fact->cause);
	o = json_object();
	mt_json_put(r, o, "state", mt_json_text(r, mt_result_word(MT_SKIPPED)));
	mt_json_put(r, o, "reason", mt_json_text(r, MT_JSON_NOT_BUILT));
	return o;
}

/* The rest of what is known of a fact. */
void
mt_json_put_fact(struct mt_json *r, json_t *o, enum mt_fact_name name)
{
	mt_json_put(r, o, "cause", mt_json_cause(r, r->trace->facts.fact[name].cause));
	mt_json_put(r, o, "ms", json_integer(r->trace->facts.fact[name].msec));
}
