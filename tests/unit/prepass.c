/* SPDX-License-Identifier: BSD-2-Clause */
/* What the pre-pass hands on, and where it says that each line stands. */
#include "lib/config/prepass.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static const struct {
	const char *name;
	struct mt_span text;
	const char *out;
	const char *said;		/* the first complaint, without its place; NULL: none */
	unsigned line;			/* where */
} cases[] = {
	{ "nothing", MT_SPAN(""), "", NULL, 0 },
	{ "a setting", MT_SPAN("a = b\n"), "a = b\n", NULL, 0 },
	{ "no line end at the end", MT_SPAN("a = b"), "a = b\n", NULL, 0 },
	{ "CRLF", MT_SPAN("a = b\r\nc = d\r\n"), "a = b \nc = d \n", NULL, 0 },
	{ "tabs", MT_SPAN("\ta\t=\tb\n"), " a = b\n", NULL, 0 },
	{ "a comment", MT_SPAN("a = b # c\n# d\n"), "a = b \n\n", NULL, 0 },
	{ "a comment that ends a word", MT_SPAN("a = b#c\n"), "a = b\n", NULL, 0 },
	{ "a comment in a list", MT_SPAN("a = { b, # c }\n d }\n"), "a = { b, \n d }\n", NULL, 0 },
	{ "a comment with quotes and braces", MT_SPAN("a = b # \" { '\n"), "a = b \n", NULL, 0 },
	{ "a comment with any bytes", MT_SPAN("# \x01\xff\x1b\na = b\n"), "\na = b\n", NULL, 0 },
	{ "no comment in quotes", MT_SPAN("a = \"b # c\"\n"), "a = \"b # c\"\n", NULL, 0 },
	{ "single quotes", MT_SPAN("a = 'b \" # c'\n"), "a = 'b \" # c'\n", NULL, 0 },
	{ "an escaped quote", MT_SPAN("a = \"b \\\" # c\"\n"), "a = \"b \\\" # c\"\n", NULL, 0 },
	{ "an escaped backslash at the end", MT_SPAN("a = \"b\\\\\" # c\n"), "a = \"b\\\\\" \n", NULL, 0 },
	{ "no expansion", MT_SPAN("a = \"${HOME}\"\n"), "a = \"\\${HOME}\"\n", NULL, 0 },
	{ "no expansion in single quotes", MT_SPAN("a = '${HOME}'\n"), "a = '${HOME}'\n", NULL, 0 },
	{ "braces in quotes", MT_SPAN("a = \"{\"\n"), "a = \"{\"\n", NULL, 0 },
	{ "8-bit in quotes", MT_SPAN("a = \"\xc3\xbc\"\n"), "a = \"\xc3\xbc\"\n", NULL, 0 },
	{ "appending", MT_SPAN("a += b\n"), "a += b\n", NULL, 0 },
	{ "addresses", MT_SPAN("a = { 192.0.2.0/24, ::1, [::1]:53, inet:1@b }\n"),
	    "a = { 192.0.2.0/24, ::1, [::1]:53, inet:1@b }\n", NULL, 0 },
	{ "a path", MT_SPAN("a = /etc/x\nb = http://x/\n"), "a = /etc/x\nb = http://x/\n", NULL, 0 },
	{ "include as a value", MT_SPAN("a = include\n"), "a = include\n", NULL, 0 },
	{ "include in a section", MT_SPAN("s { include \"x\" }\n"), "s { include \"x\" }\n", NULL, 0 },

	{ "an open quote", MT_SPAN("a = b\nc = \"d\ne = f\n"), "a = b\nc = \"\"\ne = f\n",
	    "the quote \" is not closed on its line", 2 },
	{ "an open single quote", MT_SPAN("a = 'b\n"), "a = ''\n", "the quote ' is not closed on its line", 1 },
	{ "a quote closed by an escape", MT_SPAN("a = \"b\\\"\n"), "a = \"\"\n", "the quote \" is not closed on its line", 1 },
	{ "an escape", MT_SPAN("\na = \"b\\n\"\n"), "\na = \"b\\n\"\n",
	    "\\n in a string means nothing here; a backslash is written \\\\", 2 },
	{ "a NUL", MT_SPAN("a = b\0c\n"), "\n", "a NUL byte stands here; take it out", 1 },
	{ "a NUL in a comment", MT_SPAN("# b\0c\n"), "\n", "a NUL byte stands here; take it out", 1 },
	{ "a control byte", MT_SPAN("a = \x01 b\n"), "a = x b\n", "a control byte (1) stands here; take it out", 1 },
	{ "a control byte in a string", MT_SPAN("a = \"\x1b\"\n"), "a = \"\x1b\"\n",
	    "a control byte (27) stands in a string; take it out", 1 },
	{ "a star", MT_SPAN("a = { *.b, c }\n"), "a = { x, c }\n", "a value with '*' must stand in quotes", 1 },
	{ "a star behind", MT_SPAN("a = b*\n"), "a = bx\n", "a value with '*' must stand in quotes", 1 },
	{ "a plus sign", MT_SPAN("a = b+c\n"), "a = bx\n", "a value with '+' must stand in quotes", 1 },
	{ "brackets", MT_SPAN("a(b)\n"), "ax\n", "a value with '(' must stand in quotes", 1 },
	{ "another comment", MT_SPAN("// b\n"), "\n", "a comment begins with '#', and a value with // stands in quotes", 1 },
	{ "a comment of C", MT_SPAN("/* b */\n"), "\n",
	    "a comment begins with '#', and a value with /* stands in quotes", 1 },
	{ "expansion", MT_SPAN("a = ${HOME}\n"), "a = x{HOME}\n",
	    "${...} is not expanded; in a reply write %{...}", 1 },
	{ "an open brace", MT_SPAN("\na {\nb = c\n"), "\na {\nb = c\n", "this '{' is never closed", 2 },
	{ "a brace too many", MT_SPAN("a { }\n}\n"), "a { }\n}\n", "this '}' closes nothing", 2 },
	{ "braces too deep", MT_SPAN("{{{{{{{{{{{{{{{{{\n}}}}}}}}}}}}}}}}}\n"), "{{{{{{{{{{{{{{{{{\n}}}}}}}}}}}}}}}}}\n",
	    "braces are nested deeper than 16", 1 },
};

static void
test_text(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct mt_complaint *said;
		struct mt_source source;
		struct mt_errors errors;
		struct mt_arena arena;
		unsigned lines = 0;
		bool ok;

		mt_arena_init(&arena, 4096, 1u << 20);
		mt_errors_init(&errors, &arena);
		mt_source_init(&source, &arena, &arena, &errors);
		mt_source_text(&source, cases[i].text, "x");
		said = errors.first;
		for (const char *p = mt_buf_span(&source.text).ptr; *p != '\0'; p++)
			lines += *p == '\n';
		ok = mt_span_equal(mt_buf_span(&source.text), mt_span_text(cases[i].out)) && lines == source.nlines;
		ok = ok && (said == NULL ? cases[i].said == NULL : cases[i].said != NULL &&
		    strcmp(said->text, cases[i].said) == 0 && said->place.order == cases[i].line);
		if (!tap_ok(ok, "%s", cases[i].name))
			tap_note("%s | %s", mt_buf_span(&source.text).ptr, said == NULL ? "" : said->text);
		mt_arena_fini(&arena);
	}
}

static void
put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) != 0)
		tap_ok(false, "write %s", path);
	if (fd >= 0)
		close(fd);
}

/* ---- files: each test is what is in the directory, and what comes of one of them ------ */

static const struct {
	const char *name, *path;
	const char *out;
	const char *said;		/* how it begins */
	const char *places;		/* of the lines of out */
} files[] = {
	{ "a file", "plain", "a = b \nc = d\n", NULL, "plain:1 plain:2 " },
	{ "a file with a mark of UTF-8", "bom", "a = b\n", NULL, "bom:1 " },
	{ "a file within a file", "outer", "1\n\na = b \nc = d\n 2\n3\n", NULL,
	    "outer:1 outer:2 plain:1 plain:2 outer:2 outer:3 " },
	{ "several files, by name", "many", "\nx\ny\n\n", NULL, "many:1 dir/1.conf:1 dir/2.conf:1 many:1 " },
	{ "a pattern that finds nothing", "no-match", "\n\n", NULL, "no-match:1 no-match:1 " },
	{ "relative to its own file", "dir/up", "\nx\n\n", NULL, "dir/up:1 dir/1.conf:1 dir/up:1 " },
	{ "a file that is not there", "none", "", "cannot be read: No such file", "" },
	{ "an included file that is not there", "missing", "\n\n", "dir/none: cannot be read: No such file", "missing:1 missing:1 " },
	{ "a file that includes itself", "loop", NULL, "include: loop: files include each other deeper", NULL },
	{ "a directory", "dir", "", "is a directory", "" },
	{ "a pipe", "pipe", "", "is a pipe", "" },
	{ "an included pipe", "piped", "\n\n", "pipe: is a pipe", "piped:1 piped:1 " },
	{ "a file that its group may write", "group", "", "may be written by its group", "" },
	{ "a file that everybody may write", "world", "", "may be written by everybody", "" },
	{ "an included file that everybody may write", "unsafe", "\n\n", "world: may be written", "unsafe:1 unsafe:1 " },
};

static void
make_files(void)
{
	if (mkdir("dir", 0700) != 0)
		tap_ok(false, "mkdir");
	put("plain", "a = b # c\nc = d\n", 0644);
	put("bom", "\xef\xbb\xbf" "a = b\n", 0600);
	put("outer", "1\ninclude \"plain\" 2\n3\n", 0600);
	put("dir/1.conf", "x\n", 0600);
	put("dir/2.conf", "y\n", 0600);
	put("dir/3.txt", "z\n", 0600);
	put("dir/up", "include '1.conf'\n", 0600);
	put("many", "include \"dir/*.conf\"\n", 0600);
	put("no-match", "include \"dir/*.none\"\n", 0600);
	put("missing", "include \"dir/none\"\n", 0600);
	put("loop", "include \"loop\"\n", 0600);
	put("group", "a = b\n", 0664);
	put("world", "a = b\n", 0646);
	put("unsafe", "include \"world\"\n", 0600);
	put("piped", "include \"pipe\"\n", 0600);
	if (mkfifo("pipe", 0600) != 0)
		tap_ok(false, "mkfifo");
	put("list", "a # b\n\n#c\n  d e  \r\nf", 0600);
}

static void
test_files(void)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct mt_source source;
		struct mt_errors errors;
		struct mt_arena arena;
		struct mt_buf places;
		const char *said;
		bool ok;

		mt_arena_init(&arena, 4096, 1u << 20);
		mt_errors_init(&errors, &arena);
		mt_source_init(&source, &arena, &arena, &errors);
		mt_source_file(&source, files[i].path, (struct mt_place){ files[i].path, 0, 0 });
		mt_buf_init(&places, &arena, 0);
		for (unsigned line = 1; line <= source.nlines; line++)
			mt_buf_format(&places, "%s ", mt_place_text(&arena, mt_source_place(&source, line)));
		said = errors.first == NULL ? NULL : errors.first->text;
		ok = files[i].out == NULL || (strcmp(mt_buf_span(&source.text).ptr, files[i].out) == 0 &&
		    strcmp(mt_buf_span(&places).ptr, files[i].places) == 0);
		ok = ok && (said == NULL ? files[i].said == NULL : files[i].said != NULL &&
		    strncmp(said, files[i].said, strlen(files[i].said)) == 0);
		if (!tap_ok(ok, "%s", files[i].name))
			tap_note("%s | %s | %s", mt_buf_span(&source.text).ptr, mt_buf_span(&places).ptr,
			    said == NULL ? "" : said);
		mt_arena_fini(&arena);
	}
}

static void
test_list(void)
{
	static const struct { const char *text; unsigned line; } want[] = { { "a", 1 }, { "d e", 4 }, { "f", 5 } };
	struct mt_values values = { 0 };
	struct mt_source source;
	struct mt_errors errors;
	struct mt_arena arena;
	bool ok;

	mt_arena_init(&arena, 4096, 1u << 20);
	mt_errors_init(&errors, &arena);
	mt_source_init(&source, &arena, &arena, &errors);
	mt_list_file(&values, &source, "list", (struct mt_place){ "x", 1, 1 });
	ok = values.count == 3 && errors.errors == 0;
	for (size_t i = 0; ok && i < 3; i++)
		ok = strcmp(values.value[i].text.ptr, want[i].text) == 0 && values.value[i].place.line == want[i].line;
	tap_ok(ok, "a list file");
	mt_list_file(&values, &source, "world", (struct mt_place){ "x", 1, 1 });
	tap_ok(errors.errors == 1 && values.count == 3, "a list file that everybody may write");
	mt_list_file(&values, &source, "pipe", (struct mt_place){ "x", 1, 1 });
	tap_ok(errors.errors == 2 && values.count == 3, "a list file that is a pipe, for which nobody waits");
	mt_arena_fini(&arena);
}

/* A file of another user, which only root can make. */
static void
test_owner(void)
{
	struct mt_source source;
	struct mt_errors errors;
	struct mt_arena arena;

	if (geteuid() != 0 || chown("plain", 65534, (gid_t)-1) != 0) {
		tap_ok(true, "a file of another user # SKIP only root can make one");
		return;
	}
	mt_arena_init(&arena, 4096, 1u << 20);
	mt_errors_init(&errors, &arena);
	mt_source_init(&source, &arena, &arena, &errors);
	mt_source_file(&source, "plain", (struct mt_place){ "plain", 0, 0 });
	tap_ok(errors.errors == 1 && strstr(errors.first->text, "belongs to user 65534") != NULL, "a file of another user");
	mt_arena_fini(&arena);
}

int
main(void)
{
	static const char *const made[] = { "plain", "bom", "outer", "dir/1.conf", "dir/2.conf", "dir/3.txt", "dir/up",
		"many", "no-match", "missing", "loop", "group", "world", "unsafe", "pipe",
		"piped", "list" };
	char dir[] = "/tmp/mt-prepass-XXXXXX";

	alarm(60);			/* whoever waits for a pipe is ended */
	test_text();
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return EXIT_FAILURE;
	make_files();
	test_files();
	test_list();
	test_owner();
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		unlink(made[i]);
	rmdir("dir");
	tap_ok(chdir("/") == 0 && rmdir(dir) == 0, "nothing else was made");
	return tap_done();
}
