/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows which keys went with which domain; a wrong guess costs one question. */
#include "lib/engine/selectors.h"

#include <pthread.h>
#include <stdlib.h>

struct place {
	uint64_t domain;		/* its hash; 0: nobody's */
	unsigned next;			/* which name is replaced */
	char *keys[MT_SELECTORS_NAMES];
};

struct mt_selectors {
	pthread_mutex_t lock;
	size_t count;
	struct place places[];
};

/* FNV-1a of the name in lower case. */
static uint64_t
hash(struct mt_span name)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)mt_lower(name.ptr[i])) * UINT64_C(1099511628211);
	return h == 0 ? 1 : h;
}

struct mt_selectors *
mt_selectors_new(size_t domains)
{
	struct mt_selectors *selectors = calloc(1, sizeof *selectors + domains * sizeof *selectors->places);

	if (selectors == NULL)
		return NULL;
	pthread_mutex_init(&selectors->lock, NULL);
	selectors->count = domains;
	return selectors;
}

static void
clear(struct place *place)
{
	for (size_t i = 0; i < MT_SELECTORS_NAMES; i++)
		free(place->keys[i]);
	*place = (struct place){ 0 };
}

void
mt_selectors_free(struct mt_selectors *selectors)
{
	if (selectors == NULL)
		return;
	for (size_t i = 0; i < selectors->count; i++)
		clear(&selectors->places[i]);
	pthread_mutex_destroy(&selectors->lock);
	free(selectors);
}

static void
add(struct place *place, const char *key)
{
	for (size_t i = 0; i < MT_SELECTORS_NAMES; i++)
		if (place->keys[i] != NULL && strcmp(place->keys[i], key) == 0)
			return;
	free(place->keys[place->next]);
	place->keys[place->next] = strdup(key);
	place->next = (place->next + 1) % MT_SELECTORS_NAMES;
}

void
mt_selectors_note(struct mt_selectors *selectors, struct mt_span domain, struct mt_span key)
{
	uint64_t wanted = hash(domain);
	struct place *place;
	char normal[MT_NAME_TEXT];

	if (domain.len == 0 || !mt_name_normal(key, normal))
		return;
	place = &selectors->places[wanted % selectors->count];
	pthread_mutex_lock(&selectors->lock);
	if (place->domain != wanted)
		clear(place);
	place->domain = wanted;
	add(place, normal);
	pthread_mutex_unlock(&selectors->lock);
}

size_t
mt_selectors_find(struct mt_selectors *selectors, struct mt_span domain, char keys[MT_SELECTORS_NAMES][MT_NAME_TEXT])
{
	uint64_t wanted = hash(domain);
	struct place *place = &selectors->places[wanted % selectors->count];
	size_t found = 0;

	pthread_mutex_lock(&selectors->lock);
	for (size_t i = 0; place->domain == wanted && i < MT_SELECTORS_NAMES; i++)
		if (place->keys[i] != NULL)
			memcpy(keys[found++], place->keys[i], strlen(place->keys[i]) + 1);
	pthread_mutex_unlock(&selectors->lock);
	return found;
}
