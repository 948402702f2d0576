/* SPDX-License-Identifier: BSD-2-Clause */
/* Organizational domains by a list: a small one of the tests, and the system's. */
#include "lib/source/suffix.h"

#include <pthread.h>

#include "lib/base/name.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name, *organization;
} cases[] = {
	{ "a.b.test", "b.test" }, { "b.test", "b.test" }, { "test", "test" }, { "co.test", "co.test" },
	{ "a.co.test", "a.co.test" }, { "x.a.co.test", "a.co.test" }, { "X.A.Co.Test.", "A.Co.Test" },
	{ "a.wild.test", "a.wild.test" }, { "b.a.wild.test", "b.a.wild.test" }, { "c.b.a.wild.test", "b.a.wild.test" },
	{ "a.city.wild.test", "city.wild.test" }, { "user.hosting.example", "user.hosting.example" },
	{ "a.user.hosting.example", "user.hosting.example" }, { "hosting.example", "hosting.example" },
	/* Not on the list: the rule "*" (publicsuffix.org, algorithm). */
	{ "a.b.unlisted", "b.unlisted" }, { "b.unlisted", "b.unlisted" },
	{ "", "" }, { ".", "" }, { "a b.test", "a b.test" }, { "a..test", "a..test" },
};

/* Of one list that many threads ask at once, each must get what one would. */
static void *
ask_often(void *orgs)
{
	size_t wrong = 0;

	for (unsigned round = 0; round < 200; round++)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			wrong += !mt_span_equal(mt_organization_of(orgs, mt_span_text(cases[i].name)),
			    mt_span_text(cases[i].organization));
	return (void *)(uintptr_t)wrong;
}

static void
together(const struct mt_organizations *orgs)
{
	pthread_t threads[4];
	size_t wrong = 0;

	for (size_t i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, ask_often, (void *)(uintptr_t)orgs) != 0)
			abort();
	for (size_t i = 0; i < 4; i++) {
		void *found;

		pthread_join(threads[i], &found);
		wrong += (uintptr_t)found;
	}
	tap_ok(wrong == 0, "four threads at once get the same");
}

static void
system_list(void)
{
	const struct mt_organizations *orgs = mt_suffix_open(NULL);

	tap_ok(orgs != NULL, "the system's list, or the one built in, can be had");
	tap_ok(mt_organization_same(orgs, MT_SPAN("a.example.co.uk"), MT_SPAN("example.co.uk")) &&
	    !mt_organization_same(orgs, MT_SPAN("a.co.uk"), MT_SPAN("b.co.uk")), "and knows co.uk");
	mt_suffix_close(orgs);
}

int
main(void)
{
	const struct mt_organizations *orgs;
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/data/suffix.list", getenv("top_srcdir") == NULL ? "." : getenv("top_srcdir"));
	tap_ok(mt_suffix_open("/dev/null") == NULL, "an empty file is no list");
	tap_ok(mt_suffix_open("/nonexistent/list") == NULL, "nor is one that is not there");
	mt_suffix_close(NULL);
#ifndef HAVE_PSL
	tap_ok(mt_suffix_open(path) == NULL && mt_suffix_open(NULL) == NULL, "built without, there is no list");
	return tap_done();
#endif
	orgs = mt_suffix_open(path);
	if (!tap_ok(orgs != NULL, "the list of the tests can be read"))
		return tap_done();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mt_span got = mt_organization_of(orgs, mt_span_text(cases[i].name));

		tap_ok(mt_span_equal(got, mt_span_text(cases[i].organization)), "\"%s\" is of \"%.*s\"", cases[i].name,
		    MT_SPAN_ARG(got));
	}
	tap_ok(mt_organization_same(orgs, MT_SPAN("a.b.test"), MT_SPAN("c.b.test")) &&
	    !mt_organization_same(orgs, MT_SPAN("a.co.test"), MT_SPAN("b.co.test")), "names are compared by it");
	together(orgs);
	mt_suffix_close(orgs);
	system_list();
	return tap_done();
}
