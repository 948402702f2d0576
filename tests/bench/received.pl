#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What SpamAssassin's reader of Received fields costs: received.pl FILE, of fields that end in NUL
# each; writes nanoseconds a field, the best of five passes of CPU time, and how many it could read.
use strict;
use warnings;
use Time::HiRes qw(clock);

eval { require Mail::SpamAssassin; require Mail::SpamAssassin::Message::Metadata; 1 } or exit 77;

open(my $file, '<:raw', $ARGV[0]) or die "$ARGV[0]: $!\n";
my @fields = do { local $/ = "\0"; <$file> };
for (@fields) {
	s/\0\z//;
	s/\n[ \t]+/ /g;		# as SpamAssassin hands it over
}
close(STDERR);			# it asks for an update of its rules, which are not needed here
my $metadata = Mail::SpamAssassin::Message::Metadata->new(Mail::SpamAssassin->new({ local_tests_only => 1,
	dont_copy_prefs => 1, rules_filename => '/nonexistent', site_rules_filename => '/nonexistent',
	userprefs_filename => '/nonexistent' })->parse("Subject: x\n\nx\n"));
my ($best, $read);
for (1 .. 5) {
	my $began = clock();
	$read = 0;
	for my $field (@fields) {
		$read++ if ref($metadata->parse_received_line($field));
	}
	my $took = (clock() - $began) * 1e9 / @fields;
	$best = $took if !defined($best) || $took < $best;
}
printf("%.0f %d\n", $best, $read);
