divert(-1)dnl
# SPDX-License-Identifier: BSD-2-Clause
# For Sendmail: include(`/etc/mail/m4/mailtrace-milter.m4')dnl in sendmail.mc, then make -C /etc/mail.
# F= without a letter: mail goes on if the daemon is not there (T defers it, R refuses it).
# E is the time for the end of a message; it must be longer than milter.deadline.
# Name this filter before those that read Authentication-Results.
divert(0)dnl
INPUT_MAIL_FILTER(`mailtrace', `S=inet:8899@127.0.0.1, F=, T=C:5s;S:15s;R:15s;E:1m')dnl
