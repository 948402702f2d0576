/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the JSON report share.  Only they know jansson. */
#ifndef MT_RENDER_JSON_H
#define MT_RENDER_JSON_H

#include <jansson.h>

#include "lib/render/render.h"

#define MT_JSON_NOT_BUILT "not-in-this-build"

struct mt_json {
	const struct mt_trace *trace;
	struct mt_arena scratch;
	bool failed;			/* no memory; the report is thrown away */
};

/* Puts a value in its place, which takes it over; all that jansson refuses sets `failed`. */
void mt_json_put(struct mt_json *r, json_t *object, const char *key, json_t *value);
void mt_json_append(struct mt_json *r, json_t *array, json_t *value);
/* The one way by which bytes become a JSON string; absent is null. */
json_t *mt_json_string(struct mt_json *r, struct mt_span s);
json_t *mt_json_text(struct mt_json *r, const char *s);
json_t *mt_json_ip(struct mt_json *r, const struct mt_ip *address);
/* Zero is null. */
json_t *mt_json_number(uint64_t n);
json_t *mt_json_instant(struct mt_json *r, int64_t unix_msec);
void mt_json_put_nulls(struct mt_json *r, json_t *object, const char *const *keys);
json_t *mt_json_cause(struct mt_json *r, enum mt_cause c);
/* {"state": ..., "reason": ... where it is skipped}: what nobody asked about is skipped. */
json_t *mt_json_result(struct mt_json *r, enum mt_result result, enum mt_cause cause);
json_t *mt_json_state(struct mt_json *r, enum mt_fact_name name);
void mt_json_put_fact(struct mt_json *r, json_t *o, enum mt_fact_name name);

/* The object "checks". */
json_t *mt_json_checks(struct mt_json *r);

#endif
