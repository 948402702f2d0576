/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the wire format of DNS (RFC 1035, 4; 2308; 6891); asks nobody and believes no
 * record that the question does not lead to. */
#include "lib/source/packet.h"

#include "lib/base/ip.h"

#define HEADER 12
#define JUMPS 127			/* compression pointers in one name: no name has more labels */
#define CLASS_IN 1
#define TYPE_NS 2
#define TYPE_SOA 6
#define TYPE_OPT 41

enum { RCODE_OK = 0, RCODE_FORMERR = 1, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5,
	RCODE_NOTAUTH = 9, RCODE_BADVERS = 16 };

struct bytes {
	const unsigned char *ptr;
	size_t len;
};

struct resource {
	struct mt_wire_name owner;
	uint16_t type, class;
	uint32_t ttl;
	size_t data, data_len;		/* offset and length of RDATA */
};

/* What a walk through the answer section finds. */
struct found {
	struct mt_wire_name target;	/* where the chain has led to */
	uint32_t ttl;
	unsigned steps;			/* of the chain so far */
	bool moved;			/* in this packet */
	size_t count;			/* kept */
	size_t data[MT_ANSWER_ADDRESSES], data_len[MT_ANSWER_ADDRESSES];
	bool cut;
	size_t end;			/* where the section ends */
};

static uint16_t
get16(const unsigned char *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void
put16(unsigned char *p, unsigned value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

/* ---- names --------------------------------------------------------------------- */

/* One byte of text, with its escape; moves *at.  false: the escape is none. */
static bool
text_byte(struct mt_span text, size_t *at, unsigned char *byte)
{
	const char *p = text.ptr + *at;
	size_t left = text.len - *at;
	unsigned value;

	*byte = (unsigned char)p[0];
	*at += 1;
	if (p[0] != '\\')
		return true;
	if (left < 2)
		return false;
	if (!mt_is_digit(p[1])) {
		*byte = (unsigned char)p[1];
		*at += 1;
		return true;
	}
	if (left < 4 || !mt_is_digit(p[2]) || !mt_is_digit(p[3]))
		return false;
	value = (unsigned)(p[1] - '0') * 100 + (unsigned)(p[2] - '0') * 10 + (unsigned)(p[3] - '0');
	*byte = (unsigned char)value;
	*at += 3;
	return value <= 255;
}

bool
mt_wire_name_parse(struct mt_wire_name *name, struct mt_span text)
{
	size_t label = 0;		/* where the length byte of the open label stands */
	unsigned char byte;

	name->len = 1;
	name->bytes[0] = 0;
	if (text.len == 0 || (text.len == 1 && text.ptr[0] == '.'))
		return true;
	for (size_t at = 0; at < text.len;) {
		bool dot = text.ptr[at] == '.';

		if (!text_byte(text, &at, &byte))
			return false;
		if (name->len == sizeof name->bytes || (dot ? name->bytes[label] == 0 : name->bytes[label] == 63))
			return false;
		if (dot)
			label = name->len;
		else
			name->bytes[label]++;
		name->bytes[name->len++] = dot ? 0 : byte;
	}
	if (name->bytes[label] == 0)
		return true;		/* a final dot has already written the root label */
	if (name->len == sizeof name->bytes)
		return false;
	name->bytes[name->len++] = 0;
	return true;
}

struct mt_span
mt_wire_name_text(const struct mt_wire_name *name, char out[MT_WIRE_TEXT])
{
	size_t n = 0;

	for (size_t at = 0; at < name->len && name->bytes[at] != 0; at += name->bytes[at] + 1u) {
		if (n > 0)
			out[n++] = '.';
		for (size_t i = at + 1; i <= at + name->bytes[at] && i < name->len; i++) {
			unsigned char c = name->bytes[i];

			if (c < 33 || c > 126) {
				out[n++] = '\\';
				out[n++] = (char)('0' + c / 100);
				out[n++] = (char)('0' + c / 10 % 10);
				out[n++] = (char)('0' + c % 10);
				continue;
			}
			if (c == '.' || c == '\\')
				out[n++] = '\\';
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
	return (struct mt_span){ out, n };
}

/* Length bytes are below 'A', so they need no care of their own. */
static bool
same_bytes(const unsigned char *a, const unsigned char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (mt_lower((char)a[i]) != mt_lower((char)b[i]))
			return false;
	return true;
}

bool
mt_wire_name_same(const struct mt_wire_name *a, const struct mt_wire_name *b)
{
	return a->len == b->len && same_bytes(a->bytes, b->bytes, a->len);
}

bool
mt_wire_name_below(const struct mt_wire_name *child, const struct mt_wire_name *name)
{
	size_t at = 0;

	while (at < child->len && child->len - at > name->len)
		at += child->bytes[at] + 1u;
	return at < child->len && child->len - at == name->len && same_bytes(child->bytes + at, name->bytes, name->len);
}

/* A name of a packet, with its compression (RFC 1035, 4.1.4); *at moves behind it.  A
 * pointer must lead backwards, so that no packet keeps us busy. */
static bool
read_name(struct bytes packet, size_t *at, struct mt_wire_name *name)
{
	size_t here = *at, jumps = 0;

	name->len = 0;
	while (here < packet.len) {
		unsigned char c = packet.ptr[here];

		if (c >= 0xc0) {
			size_t target;

			if (packet.len - here < 2)
				return false;
			target = get16(packet.ptr + here) & 0x3fffu;
			if (jumps++ == 0)
				*at = here + 2;
			if (target >= here || jumps > JUMPS)
				return false;
			here = target;
			continue;
		}
		if (c > 63 || packet.len - here < c + 1u || sizeof name->bytes - name->len < c + 1u)
			return false;
		memcpy(name->bytes + name->len, packet.ptr + here, c + 1u);
		name->len += c + 1u;
		here += c + 1u;
		if (c == 0) {
			if (jumps == 0)
				*at = here;
			return true;
		}
	}
	return false;
}

/* ---- questions ----------------------------------------------------------------- */

size_t
mt_packet_ask(unsigned char out[MT_PACKET_ASK], const char *name, enum mt_rrtype type, uint16_t id, bool edns,
    bool authentic)
{
	struct mt_wire_name wire;
	unsigned char *p = out + HEADER;

	if (!mt_wire_name_parse(&wire, mt_span_text(name)))
		return 0;
	memset(out, 0, HEADER);
	put16(out, id);
	put16(out + 2, 0x0100u | (authentic ? 0x0020u : 0));
	put16(out + 4, 1);
	put16(out + 10, edns);
	memcpy(p, wire.bytes, wire.len);
	p += wire.len;
	put16(p, type);
	put16(p + 2, CLASS_IN);
	p += 4;
	if (edns) {
		memset(p, 0, 11);	/* the root, no extended flags, no options */
		put16(p + 1, TYPE_OPT);
		put16(p + 3, MT_PACKET_EDNS);
		p += 11;
	}
	return (size_t)(p - out);
}

bool
mt_packet_head(struct mt_packet_head *head, struct mt_span packet)
{
	struct bytes b = { (const unsigned char *)packet.ptr, packet.len };
	size_t at = HEADER;
	unsigned flags;

	*head = (struct mt_packet_head){ .end = 0 };
	if (b.len < HEADER)
		return false;
	flags = get16(b.ptr + 2);
	head->id = get16(b.ptr);
	head->answer = (flags & 0x8000u) != 0;
	head->truncated = (flags & 0x0200u) != 0;
	head->opcode = flags >> 11 & 15;
	head->rcode = flags & 15;
	head->questions = get16(b.ptr + 4);
	head->answers = get16(b.ptr + 6);
	head->authorities = get16(b.ptr + 8);
	head->additionals = get16(b.ptr + 10);
	if (head->questions != 1 || !read_name(b, &at, &head->name) || b.len - at < 4)
		return false;
	head->type = get16(b.ptr + at);
	head->class = get16(b.ptr + at + 2);
	head->end = at + 4;
	return true;
}

static bool
read_resource(struct bytes packet, size_t *at, struct resource *r)
{
	const unsigned char *p;

	if (!read_name(packet, at, &r->owner) || packet.len - *at < 10)
		return false;
	p = packet.ptr + *at;
	r->type = get16(p);
	r->class = get16(p + 2);
	r->ttl = get32(p + 4);
	if (r->ttl > INT32_MAX && r->type != TYPE_OPT)	/* RFC 2181, 8 */
		r->ttl = 0;
	r->data = *at + 10;
	r->data_len = get16(p + 8);
	if (packet.len - r->data < r->data_len)
		return false;
	*at = r->data + r->data_len;
	return true;
}

enum opt { OPT_NONE, OPT_FOUND, OPT_GARBAGE };

/* The OPT record, which stands in the additional section (RFC 6891, 6.1.1). */
static enum opt
find_opt(const struct mt_packet_head *head, struct mt_span packet, struct resource *r)
{
	struct bytes b = { (const unsigned char *)packet.ptr, packet.len };
	unsigned before = head->answers + head->authorities;
	size_t at = head->end;

	if (head->end == 0 || head->additionals == 0)
		return OPT_NONE;
	for (unsigned i = 0; i < before + head->additionals; i++) {
		if (!read_resource(b, &at, r))
			return OPT_GARBAGE;
		if (i >= before && r->type == TYPE_OPT)
			return OPT_FOUND;
	}
	return OPT_NONE;
}

uint16_t
mt_packet_edns(const struct mt_packet_head *head, struct mt_span packet)
{
	struct resource r;

	return find_opt(head, packet, &r) == OPT_FOUND ? r.class : 0;
}

unsigned
mt_packet_rcode(const struct mt_packet_head *head, struct mt_span packet)
{
	struct resource r;

	return find_opt(head, packet, &r) == OPT_FOUND ? (unsigned)(r.ttl >> 24) << 4 | head->rcode : head->rcode;
}

bool
mt_packet_plain(unsigned rcode)
{
	return rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP || rcode == RCODE_BADVERS;
}

/* ---- answers ------------------------------------------------------------------- */

/* The name that fills RDATA from `skip` bytes on to its end. */
static bool
data_name(struct bytes packet, size_t data, size_t data_len, size_t skip, struct mt_wire_name *name)
{
	size_t at = data + skip;

	/* Cut behind RDATA: a name must not run on into the next record. */
	packet.len = data + data_len;
	return data_len > skip && read_name(packet, &at, name) && at == packet.len;
}

/* RDATA of a TXT record whose text begins with "v=": it is a record of SPF or DMARC, or a key. */
static bool
says_version(struct bytes packet, size_t data, size_t data_len)
{
	char text[2];
	size_t n = 0, end = data + data_len;

	for (size_t at = data; at < end && n < 2; at += packet.ptr[at] + 1u)
		for (size_t i = at + 1; i <= at + packet.ptr[at] && i < end && n < 2; i++)
			text[n++] = (char)packet.ptr[i];
	return mt_answer_version((struct mt_span){ text, n });
}

/* Keeps a record's data.  Where there is no room, a text of no version gives way to one that
 * has it, and nobody misses it. */
static void
keep_data(struct bytes packet, uint16_t type, struct found *found, const struct resource *r)
{
	size_t most = type == MT_RR_TXT ? MT_ANSWER_ADDRESSES : mt_answer_most((enum mt_rrtype)type);
	size_t at = found->count;

	if (at < most) {
		found->count++;
	} else {
		if (found->cut || (type == MT_RR_TXT && !says_version(packet, r->data, r->data_len)))
			return;
		while (at > 0 && (type != MT_RR_TXT ||
		    says_version(packet, found->data[at - 1], found->data_len[at - 1])))
			at--;
		found->cut = at == 0;
		if (at-- == 0)
			return;
	}
	found->data[at] = r->data;
	found->data_len[at] = r->data_len;
}

enum walk { WALK_DONE, WALK_AGAIN, WALK_GARBAGE };

/* One walk through the answer section.  Along CNAME records the target changes, and
 * their order is free (RFC 1034, 3.6): then a further walk collects. */
static enum walk
walk_answers(struct bytes packet, const struct mt_packet_head *head, uint16_t type, struct found *found)
{
	size_t at = head->end;
	struct resource r;
	bool moved = false;

	found->count = 0;
	found->cut = false;
	for (unsigned i = 0; i < head->answers; i++) {
		if (!read_resource(packet, &at, &r))
			return WALK_GARBAGE;
		if (r.class != CLASS_IN || !mt_wire_name_same(&r.owner, &found->target))
			continue;
		if (r.type == type) {
			if (r.ttl < found->ttl)
				found->ttl = r.ttl;
			keep_data(packet, type, found, &r);
		} else if (r.type == MT_RR_CNAME && found->count == 0) {
			if (++found->steps > MT_PACKET_CHAIN ||
			    !data_name(packet, r.data, r.data_len, 0, &found->target))
				return WALK_GARBAGE;
			if (r.ttl < found->ttl)
				found->ttl = r.ttl;
			moved = true;
		}
	}
	found->moved = found->moved || moved;
	found->end = at;
	return moved ? WALK_AGAIN : WALK_DONE;
}

static bool
find_answers(struct bytes packet, const struct mt_packet_head *head, uint16_t type, struct found *found)
{
	enum walk walk;

	found->target = head->name;
	found->moved = false;
	do
		walk = walk_answers(packet, head, type, found);
	while (walk == WALK_AGAIN);
	return walk == WALK_DONE;
}

/* TTL and MINIMUM of a SOA record, the lesser (RFC 2308, 5). */
static bool
soa_ttl(struct bytes packet, const struct resource *r, uint32_t *ttl)
{
	size_t at = r->data;
	struct mt_wire_name name;
	uint32_t minimum;

	packet.len = r->data + r->data_len;
	if (!read_name(packet, &at, &name) || !read_name(packet, &at, &name) || packet.len - at != 20)
		return false;
	minimum = get32(packet.ptr + at + 16);
	*ttl = minimum < r->ttl ? minimum : r->ttl;
	return true;
}

/* Why there is nothing, from the authority section (RFC 2308, 2), and for how long:
 * without a SOA of its zone not at all, for such an answer SHOULD NOT be cached (5). */
static enum mt_cause
read_nothing(struct bytes packet, const struct mt_packet_head *head, const struct found *found,
    const struct mt_packet_rules *rules, uint32_t *ttl)
{
	bool soa = false, ns = false;
	size_t at = found->end;
	uint32_t least = rules->negative_ttl_sec < found->ttl ? rules->negative_ttl_sec : found->ttl;
	uint32_t seconds;
	struct resource r;

	for (unsigned i = 0; i < head->authorities; i++) {
		if (!read_resource(packet, &at, &r))
			return MT_CAUSE_GARBAGE;
		if (r.class != CLASS_IN || !mt_wire_name_below(&found->target, &r.owner))
			continue;
		ns |= r.type == TYPE_NS;
		if (r.type != TYPE_SOA)
			continue;
		if (!soa_ttl(packet, &r, &seconds))
			return MT_CAUSE_GARBAGE;
		soa = true;
		least = seconds < least ? seconds : least;
	}
	*ttl = soa ? least : 0;
	if (head->rcode == RCODE_NXDOMAIN)
		return MT_CAUSE_NXDOMAIN;
	if (head->truncated)
		return MT_CAUSE_GARBAGE;	/* what was cut off may be what we asked for */
	/* NS without SOA is a referral (RFC 2308, 2.2): that server does not answer for the name.
	 * A chain that ends in a name of which nothing is said says nothing, either. */
	return (ns || found->moved) && !soa ? MT_CAUSE_SERVFAIL : MT_CAUSE_NODATA;
}

/* The strings of a TXT record joined (RFC 7208, 3.3); false: they do not fill RDATA. */
static bool
join_strings(struct bytes packet, size_t data, size_t data_len, char *out, size_t room, struct mt_span *text)
{
	size_t n = 0, end = data + data_len;

	if (data_len == 0)
		return false;
	for (size_t at = data; at < end;) {
		size_t len = packet.ptr[at++];

		if (len > end - at)
			return false;
		if (len <= room - n)
			memcpy(out + n, packet.ptr + at, len);
		else
			len = room - n;
		n += len;
		at += packet.ptr[at - 1];
	}
	*text = (struct mt_span){ out, n };
	return true;
}

/* One record out of its RDATA; its text lies in scratch.  false: malformed. */
static bool
read_record(struct bytes packet, uint16_t type, size_t data, size_t data_len, char scratch[MT_ANSWER_TEXT],
    struct mt_record *record)
{
	size_t skip = type == MT_RR_MX ? 2 : 0;
	struct mt_wire_name name;

	*record = (struct mt_record){ .text = MT_ABSENT };
	switch (type) {
	case MT_RR_A:
	case MT_RR_AAAA:
		record->ip = mt_ip_bytes(packet.ptr + data, data_len);
		return data_len == (type == MT_RR_A ? 4 : 16);
	case MT_RR_TXT:
		return join_strings(packet, data, data_len, scratch, MT_ANSWER_TEXT, &record->text);
	default:
		if (!data_name(packet, data, data_len, skip, &name))
			return false;
		if (type == MT_RR_MX)
			record->preference = get16(packet.ptr + data);
		record->text = mt_wire_name_text(&name, scratch);
		return true;
	}
}

/* How many of what was found are kept, and their text.  False: one of them is malformed. */
static bool
measure(struct bytes packet, uint16_t type, const struct found *found, size_t *count, size_t *text)
{
	char scratch[MT_ANSWER_TEXT];
	struct mt_record record;
	bool room = true;

	*count = *text = 0;
	for (size_t i = 0; i < found->count; i++) {
		size_t len;

		if (!read_record(packet, type, found->data[i], found->data_len[i], scratch, &record))
			return false;
		len = record.text.ptr == NULL ? 0 : record.text.len + 1;
		room = room && *count < mt_answer_most((enum mt_rrtype)type) && len <= MT_ANSWER_TEXT - *text;
		*text += room ? len : 0;
		*count += room;
	}
	return true;
}

/* Those that say a version first, else in the order of the packet. */
static void
versions_first(struct bytes packet, struct found *found)
{
	const struct found was = *found;
	size_t n = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < was.count; i++) {
			if (says_version(packet, was.data[i], was.data_len[i]) != (pass == 0))
				continue;
			found->data[n] = was.data[i];
			found->data_len[n++] = was.data_len[i];
		}
	}
}

/* Reads what was found, twice: to measure its text, and to fill in.  *cause says why
 * there are no records. */
static struct mt_answer *
build(struct bytes packet, uint16_t type, struct found *found, enum mt_cause *cause)
{
	char scratch[MT_ANSWER_TEXT];
	struct mt_answer *answer;
	struct mt_record record;
	size_t text, count;
	bool good = measure(packet, type, found, &count, &text), cut = count < found->count;

	if (good && cut && type == MT_RR_TXT) {
		versions_first(packet, found);
		good = measure(packet, type, found, &count, &text);
		cut = says_version(packet, found->data[count], found->data_len[count]);
	}
	*cause = !good ? MT_CAUSE_GARBAGE : count == 0 ? MT_CAUSE_LIMIT : MT_CAUSE_NONE;
	if (*cause != MT_CAUSE_NONE)
		return mt_answer_new(*cause, 0, 0);
	answer = mt_answer_new(*cause, count, text);
	for (size_t i = 0; answer != NULL && i < count; i++) {
		read_record(packet, type, found->data[i], found->data_len[i], scratch, &record);
		answer->records[i].ip = record.ip;
		answer->records[i].preference = record.preference;
		if (record.text.ptr != NULL)
			mt_answer_set_text(answer, i, record.text);
	}
	if (answer != NULL) {
		answer->cut = found->cut || cut;
		answer->ttl_sec = found->ttl;
	}
	return answer;
}

/* The trouble that an answer code stands for; MT_CAUSE_NONE where the sections speak. */
static enum mt_cause
rcode_cause(unsigned rcode)
{
	switch (rcode) {
	case RCODE_OK:
	case RCODE_NXDOMAIN:
		return MT_CAUSE_NONE;
	case RCODE_REFUSED:
	case RCODE_NOTIMP:
	case RCODE_NOTAUTH:
		return MT_CAUSE_REFUSED;
	default:
		return MT_CAUSE_SERVFAIL;
	}
}

/* What a packet without records adds to its chain. */
static void
lead_on(struct mt_packet_chain *chain, const struct found *found, enum mt_cause cause, bool authentic)
{
	chain->steps = found->steps;
	chain->ttl_sec = found->ttl;
	chain->doubtful = chain->doubtful || !authentic;
	chain->open = found->moved && found->count == 0 && cause == MT_CAUSE_SERVFAIL;
	if (chain->open)
		mt_wire_name_text(&found->target, chain->target);
}

struct mt_answer *
mt_packet_read(struct mt_span packet, const char *name, enum mt_rrtype type, const struct mt_packet_rules *rules,
    struct mt_packet_chain *chain)
{
	struct mt_packet_chain alone = { 0 };
	struct bytes b = { (const unsigned char *)packet.ptr, packet.len };
	struct mt_packet_head head;
	struct mt_wire_name asked;
	struct mt_answer *answer = NULL;
	struct found found;
	struct resource opt;
	enum mt_cause cause = MT_CAUSE_GARBAGE;
	uint32_t ttl = 0;

	chain = chain == NULL ? &alone : chain;
	chain->open = false;
	if (!mt_wire_name_parse(&asked, mt_span_text(name)) || !mt_packet_head(&head, packet) || !head.answer ||
	    head.opcode != 0 || head.type != type || head.class != CLASS_IN || !mt_wire_name_same(&head.name, &asked))
		return mt_answer_new(cause, 0, 0);
	cause = rcode_cause(mt_packet_rcode(&head, packet));
	if (cause != MT_CAUSE_NONE)
		return mt_answer_new(cause, 0, 0);
	found.steps = chain->steps;
	found.ttl = chain->steps == 0 ? INT32_MAX : chain->ttl_sec;
	if (!find_answers(b, &head, (uint16_t)type, &found))
		return mt_answer_new(MT_CAUSE_GARBAGE, 0, 0);
	if (head.rcode == RCODE_NXDOMAIN || found.count == 0) {
		cause = read_nothing(b, &head, &found, rules, &ttl);
		/* The code may be another one than the head says. */
		if (mt_cause_nothing(cause) && find_opt(&head, packet, &opt) == OPT_GARBAGE)
			cause = MT_CAUSE_GARBAGE;
		lead_on(chain, &found, cause, (b.ptr[3] & 0x20) != 0);
		answer = mt_answer_new(cause, 0, 0);
		if (answer != NULL && mt_cause_nothing(cause))
			answer->ttl_sec = ttl;
	} else {
		answer = build(b, (uint16_t)type, &found, &cause);
		if (answer != NULL && head.truncated)
			answer->cut = true;
	}
	if (answer != NULL && (cause == MT_CAUSE_NONE || mt_cause_nothing(cause)))
		answer->authentic = rules->trusted && !chain->doubtful && (b.ptr[3] & 0x20) != 0;
	return answer;
}
