/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows libspf2; what is judged was found out elsewhere, and asks nobody. */
#include "lib/source/spf2.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include <spf2/spf.h>

#include "lib/base/ip.h"

/* A name that nobody has (RFC 2606, 2), and where the record lies for the library. */
#define POLICY_NAME "policy.invalid"
#define POLICY_SENDER "postmaster@" POLICY_NAME

/* A network with qualifier, "ip6:", its text, prefix length and blank; all of them. */
#define NET_TEXT (1 + 4 + MT_IP_TEXT + 4 + 1)
#define RECORD_TEXT (sizeof "v=spf1" + MT_SPF_POLICY_NETS * NET_TEXT + sizeof " -all")

/* It compiles a record into 511 bytes, 20 for a network and 4 for `all`, and says neutral of
 * what does not fit. */
static_assert(MT_SPF_POLICY_NETS * 20 + 4 <= 511, "a policy that the library cannot hold");

struct mt_spf2 {
	SPF_dns_server_t dns;
	SPF_server_t *server;		/* one for all threads: it is not changed once made */
	pthread_key_t record;		/* of the evaluation that a thread is in */
	atomic_uint_fast64_t asked, differed;
};

/* ---- what the library asks ------------------------------------------------------------ */

static SPF_dns_rr_t *
no_record(SPF_dns_server_t *dns, const char *name, ns_type type)
{
	return SPF_dns_rr_new_init(dns, name, type, 0, NO_DATA);
}

/* Never NULL, which the library takes for the end of the process; without memory it ends
 * as any library that cannot say so. */
static SPF_dns_rr_t *
lookup(SPF_dns_server_t *dns, const char *name, ns_type type, int should_cache)
{
	struct mt_spf2 *spf2 = dns->hook;
	const char *record = pthread_getspecific(spf2->record);
	SPF_dns_rr_t *rr;
	size_t len;

	(void)should_cache;
	if (strlen(name) > 253 || record == NULL || type != ns_t_txt || strcmp(name, POLICY_NAME) != 0)
		return no_record(dns, strlen(name) > 253 ? "" : name, type);
	rr = SPF_dns_rr_new_init(dns, name, type, 0, NETDB_SUCCESS);
	len = strlen(record) + 1;
	if (rr == NULL || SPF_dns_rr_buf_realloc(rr, 0, len) != SPF_E_SUCCESS)
		return rr;
	memcpy(rr->rr[0]->txt, record, len);
	rr->num_rr = 1;
	return rr;
}

/* An explanation is nobody's business here, so that none is ever read. */
static SPF_errcode_t
no_explanation(SPF_server_t *server, const char *domain, char **text, size_t *room)
{
	(void)server, (void)domain, (void)text, (void)room;
	return SPF_E_MOD_NOT_FOUND;
}

struct mt_spf2 *
mt_spf2_open(void)
{
	struct mt_spf2 *spf2 = calloc(1, sizeof *spf2);

	if (spf2 == NULL)
		return NULL;
	if (pthread_key_create(&spf2->record, NULL) != 0) {
		free(spf2);
		return NULL;
	}
	/* Without `destroy` the library does not free what is ours. */
	spf2->dns = (SPF_dns_server_t){
		.lookup = lookup, .get_exp = no_explanation, .name = "mailtrace", .hook = spf2,
	};
	spf2->server = SPF_server_new_dns(&spf2->dns, 0);
	if (spf2->server == NULL) {
		pthread_key_delete(spf2->record);
		free(spf2);
		return NULL;
	}
	SPF_server_set_sanitize(spf2->server, 1);
	return spf2;
}

void
mt_spf2_close(struct mt_spf2 *spf2)
{
	if (spf2 == NULL)
		return;
	SPF_server_free(spf2->server);
	pthread_key_delete(spf2->record);
	free(spf2);
}

struct mt_spf2_counts
mt_spf2_counts(const struct mt_spf2 *spf2)
{
	if (spf2 == NULL)
		return (struct mt_spf2_counts){ 0 };
	return (struct mt_spf2_counts){ atomic_load(&spf2->asked), atomic_load(&spf2->differed) };
}

/* ---- one evaluation --------------------------------------------------------------------- */

static char
qualifier(enum mt_result result)
{
	switch (result) {
	case MT_FAIL:
		return '-';
	case MT_SOFTFAIL:
		return '~';
	case MT_NEUTRAL:
		return '?';
	default:
		return '+';
	}
}

/* No mask of no bits, no macro, no modifier, `all` at the end: what it reads as we do. */
static void
write_record(char out[RECORD_TEXT], const struct mt_spf_policy *policy)
{
	size_t at = (size_t)snprintf(out, RECORD_TEXT, "v=spf1");

	for (size_t i = 0; i < policy->count; i++) {
		char ip[MT_IP_TEXT];

		at += (size_t)snprintf(out + at, RECORD_TEXT - at, " %cip%u:%s/%u", qualifier(policy->nets[i].result),
		    policy->nets[i].ip.family, mt_ip_text(&policy->nets[i].ip, ip), policy->nets[i].bits);
	}
	if (policy->rest != MT_UNKNOWN)
		snprintf(out + at, RECORD_TEXT - at, " %call", qualifier(policy->rest));
}

static enum mt_result
result_of(SPF_result_t result)
{
	switch (result) {
	case SPF_RESULT_PASS:
		return MT_PASS;
	case SPF_RESULT_FAIL:
		return MT_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return MT_SOFTFAIL;
	case SPF_RESULT_NEUTRAL:
		return MT_NEUTRAL;
	case SPF_RESULT_NONE:
		return MT_NONE;
	case SPF_RESULT_TEMPERROR:
		return MT_TEMPERROR;
	case SPF_RESULT_PERMERROR:
	case SPF_RESULT_INVALID:
		break;
	}
	return MT_PERMERROR;
}

static bool
set_client(SPF_request_t *request, const struct mt_ip *client)
{
	struct in6_addr six;
	struct in_addr four;

	if (client->family == 6) {
		memcpy(&six, client->bytes, sizeof six);
		return SPF_request_set_ipv6(request, six) == SPF_E_SUCCESS;
	}
	memcpy(&four, client->bytes, sizeof four);
	return SPF_request_set_ipv4(request, four) == SPF_E_SUCCESS;
}

/* MT_UNKNOWN: it could not be asked. */
static enum mt_result
evaluate(struct mt_spf2 *spf2, const char *record, const struct mt_ip *client)
{
	SPF_request_t *request = SPF_request_new(spf2->server);
	SPF_response_t *response = NULL;
	enum mt_result result = MT_UNKNOWN;

	if (request == NULL)
		return MT_UNKNOWN;
	if (pthread_setspecific(spf2->record, record) == 0 && set_client(request, client) &&
	    SPF_request_set_helo_dom(request, POLICY_NAME) == SPF_E_SUCCESS &&
	    SPF_request_set_env_from(request, POLICY_SENDER) == 0) {
		SPF_request_query_mailfrom(request, &response);
		if (response != NULL)
			result = result_of(SPF_response_result(response));
	}
	pthread_setspecific(spf2->record, NULL);
	SPF_response_free(response);
	SPF_request_free(request);
	return result;
}

bool
mt_spf2_agrees(struct mt_spf2 *spf2, const struct mt_spf_policy *policy, const struct mt_ip *client,
    enum mt_result result)
{
	char record[RECORD_TEXT];
	enum mt_result theirs;

	if (spf2 == NULL || mt_ip_loopback(client))
		return true;
	write_record(record, policy);
	theirs = evaluate(spf2, record, client);
	if (theirs == MT_UNKNOWN)
		return true;
	atomic_fetch_add_explicit(&spf2->asked, 1, memory_order_relaxed);
	if (theirs == result)
		return true;
	atomic_fetch_add_explicit(&spf2->differed, 1, memory_order_relaxed);
	return false;
}
