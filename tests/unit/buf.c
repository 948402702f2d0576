/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/buf.h"

#include "tests/unit/tap.h"

int
main(void)
{
	struct mt_arena arena;
	struct mt_buf buf;
	char *a, *b;

	mt_arena_init(&arena, 64, 4096);
	a = mt_arena_alloc(&arena, 10);
	b = mt_arena_alloc(&arena, 100);
	tap_ok(a != NULL && b != NULL && (uintptr_t)b % 16 == 0 && b[99] == 0, "memory is aligned and zeroed");
	tap_ok(mt_arena_alloc(&arena, 1u << 20) == NULL && arena.full, "the ceiling holds and is told");
	tap_ok(mt_arena_alloc(&arena, 16) != NULL, "and what fits still comes");
	tap_ok(mt_arena_copy(&arena, MT_ABSENT).ptr == NULL, "absent stays absent");
	tap_ok(mt_arena_copy(&arena, MT_SPAN("")).ptr != NULL, "empty is not absent");
	mt_arena_fini(&arena);

	mt_arena_init(&arena, 64, 1u << 20);
	mt_buf_init(&buf, &arena, 0);
	for (int i = 0; i < 1000; i++)
		mt_buf_format(&buf, "%d,", i % 10);
	tap_ok(buf.len == 2000 && !buf.cut && buf.ptr[2000] == '\0', "text grows");
	mt_buf_init(&buf, &arena, 5);
	mt_buf_text(&buf, "1234567");
	tap_ok(buf.cut && mt_span_equal(mt_buf_span(&buf), MT_SPAN("12345")), "a bound cuts and says so");
	mt_buf_init(&buf, &arena, 0);
	tap_ok(mt_span_equal(mt_buf_span(&buf), MT_SPAN("")), "an empty text is text");
	mt_buf_escape(&buf, (struct mt_span){ "a\0\033\"\\\377~", 7 }, "\"\\");
	tap_ok(mt_span_equal(mt_buf_span(&buf), MT_SPAN("a\\x00\\x1b\\\"\\\\\\xff~")), "escapes: %s", buf.ptr);
	mt_arena_fini(&arena);

	mt_arena_init(&arena, 64, 256);
	mt_buf_init(&buf, &arena, 0);
	for (int i = 0; i < 100; i++)
		mt_buf_text(&buf, "0123456789");
	tap_ok(buf.cut && buf.len > 0 && buf.ptr[buf.len] == '\0', "at the arena's ceiling the text stays valid");
	mt_arena_fini(&arena);
	return tap_done();
}
