/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures for the bench's mail. */
#ifndef TESTS_BENCH_SIGNED_H
#define TESTS_BENCH_SIGNED_H

#include "tests/bench/corpus.h"

#define SIGNED_SELECTOR "bench"

/* Makes each mail one of sender@DOMAIN, and signs it (rsa-sha256, relaxed/relaxed) with the key
 * in that file; '#' in the domain stands for first + the mail's number.  Ends the program when
 * that cannot be. */
void corpus_sign(struct corpus *corpus, const char *key_path, const char *domain, unsigned first);

#endif
