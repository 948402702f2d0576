# MT_CHECK_FLAGS(VARIABLE, CFLAGS|LDFLAGS, FLAGS)
# Adds to VARIABLE each of FLAGS that the compiler takes without a warning.
AC_DEFUN([MT_CHECK_FLAGS], [
  $1=
  mt_saved_flags=$[$2]
  for mt_flag in m4_normalize([$3]); do
    AC_MSG_CHECKING([whether $CC takes $mt_flag])
    $2="$mt_saved_flags -Werror $mt_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes])
       $1="$[$1] $mt_flag"],
      [AC_MSG_RESULT([no])])
  done
  $2=$mt_saved_flags
])
