# MT_WITH(PREFIX, NAME, MODULE, WHAT)
# A library that can be left out: --without-NAME.  Asked for and not there is an error.
# Sets PREFIX_CFLAGS, PREFIX_LIBS, HAVE_PREFIX in config.h, and with_NAME for the summary.
AC_DEFUN([MT_WITH], [
  AC_ARG_WITH([$2], [AS_HELP_STRING([--without-$2], [$4])], [], [with_$2=yes])
  AS_IF([test "x$with_$2" != xno],
    [PKG_CHECK_MODULES([$1], [$3])
     AC_DEFINE([HAVE_$1], [1], [Define to 1 if $2 is used.])
     with_$2=yes],
    [$1_CFLAGS= $1_LIBS=])
  AC_SUBST([$1_CFLAGS])
  AC_SUBST([$1_LIBS])
])
