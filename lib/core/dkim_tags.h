/* SPDX-License-Identifier: BSD-2-Clause */
/* The tag=value lists of DKIM (RFC 6376, 3.2): of a DKIM-Signature and of a key record. */
#ifndef MT_CORE_DKIM_TAGS_H
#define MT_CORE_DKIM_TAGS_H

#include "lib/base/span.h"

enum mt_dkim_tags { MT_DKIM_TAGS_END, MT_DKIM_TAGS_ONE, MT_DKIM_TAGS_BAD };

struct mt_dkim_tag {
	struct mt_span name, value;	/* without white space around; value may hold folds */
	bool spaced;			/* white space stood between the name and its "=" */
};

/* Takes the next tag off the front of rest.  Both are parts of the text.  Bad: the text
 * from here on is no tag list. */
enum mt_dkim_tags mt_dkim_tags_next(struct mt_span *rest, struct mt_dkim_tag *tag);

/* Takes the next element off the front of a list with colons, white space around it cut
 * off.  False: there is none.  *rest is absent once the last one was taken. */
bool mt_dkim_tags_item(struct mt_span *rest, struct mt_span *item);

/* Whether text is base64 with white space anywhere, complete with its padding; *bytes is
 * how many it stands for.  Nothing is not base64. */
bool mt_dkim_tags_base64(struct mt_span text, size_t *bytes);

#endif
