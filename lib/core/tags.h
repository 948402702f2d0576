/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of tag=value pairs (RFC 6376, 3.2): signatures, seals and key records. */
#ifndef MT_CORE_TAGS_H
#define MT_CORE_TAGS_H

#include "lib/base/span.h"

/* More tags than anybody writes into a seal or a record. */
#define MT_TAGS_MOST 32

struct mt_tag {
	struct mt_span name;
	struct mt_span value;		/* without white space at its ends; may hold folds */
	struct mt_span raw;		/* all that stands between '=' and ';' */
	bool spaced;			/* white space stands between the name and '=' */
};

enum mt_tags_got { MT_TAGS_END, MT_TAGS_ONE, MT_TAGS_BAD };

/* Takes the next tag off the front of rest.  Bad: the text from here on is no list of tags.
 * Values hold no control characters but white space. */
enum mt_tags_got mt_tags_next(struct mt_tag *tag, struct mt_span *rest);

struct mt_tags {
	size_t count;
	struct mt_tag tag[MT_TAGS_MOST];
};

/* Reads a whole list; spans point into text.  False, and no tags, where it is none: no
 * tag at all, a part without '=' or with a name that is none, a name twice, a control
 * character, more than MT_TAGS_MOST. */
bool mt_tags_read(struct mt_tags *tags, struct mt_span text);
/* The tag of that name (names differ by case), or NULL. */
const struct mt_tag *mt_tags_find(const struct mt_tags *tags, const char *name);
/* Its value; absent where there is no such tag, empty where it has none. */
struct mt_span mt_tags_value(const struct mt_tags *tags, const char *name);

/* The next item of a list with colons, without white space around it; false at its end.
 * *rest begins as the value and is moved on.  An empty list holds one empty item. */
bool mt_tags_item(struct mt_span *item, struct mt_span *rest);
/* Whether such a list holds that item, without regard to case. */
bool mt_tags_holds(struct mt_span list, const char *item);
/* Digits only, at most `most` of them; a number that does not fit is UINT64_MAX. */
bool mt_tags_number(uint64_t *number, struct mt_span value, size_t most);

#endif
