# SPDX-License-Identifier: BSD-2-Clause
# newlib, without its configure: these unmodified files, with our flags. core/lib/newlib is the port. Not taken: malloc
# (core/mm has the heap), floating point, wide characters, locales, files. memset is the portable one: that
# for x86_64 writes around the cache from 256 bytes on, which is wrong for whoever reads it next. memcpy is ours.

newlib-string := bcmp bzero explicit_bzero ffsl ffsll fls flsl flsll memccpy memchr memcmp memmem memmove mempcpy \
	memrchr memset rawmemchr stpcpy stpncpy strcasecmp strcasestr strcat strchr strchrnul strcmp strcpy strcspn strdup \
	strdup_r strlcat strlcpy strlen strncasecmp strncat strncmp strncpy strndup strndup_r strnlen strnstr strpbrk \
	strrchr strsep strspn strstr strtok_r timingsafe_bcmp timingsafe_memcmp
newlib-ctype := ctype_ isalnum isalpha isascii isblank iscntrl isdigit islower isprint ispunct isspace isupper isxdigit \
	toascii tolower toupper
newlib-stdlib := abs atoi atol atoll div imaxabs labs ldiv llabs lldiv strtoimax strtol strtoll strtoul strtoull strtoumax
newlib-search := bsearch qsort
newlib-time := gmtime_r month_lengths
newlib-stdio := snprintf vsnprintf svfiprintf ssputs_r
newlib-misc := ffs
newlib-errno := errno
newlib-reent := impure

newlib-libc := $(NEWLIB_DIR)/newlib/libc
src-y += core/lib/newlib/port.c core/lib/newlib/memcpy.c $(foreach dir,string ctype stdlib search time stdio misc errno reent,\
	$(patsubst %,$(newlib-libc)/$(dir)/%.c,$(newlib-$(dir))))

# Or memset's own loop would become a call to memset. (For clang -fno-builtin is enough, and it rejects the other.)
$(OBJ)/$(NEWLIB_DIR)/%.o: room-flags = -w -fno-builtin $(if $(is-clang),,-fno-tree-loop-distribute-patterns)
# The port defines newlib's private structures.
cflags-core/lib/newlib/port.c := -isystem $(newlib-libc)/locale

# Formats know integers only: no floating point, no allocation.
cflags-$(newlib-libc)/stdio/snprintf.c  := -D_svfprintf_r=_svfiprintf_r
cflags-$(newlib-libc)/stdio/vsnprintf.c := -D_svfprintf_r=_svfiprintf_r
# The image's malloc knows no struct _reent.
cflags-$(newlib-libc)/string/strdup_r.c  := '-D_malloc_r(reent,size)=malloc(size)'
cflags-$(newlib-libc)/string/strndup_r.c := '-D_malloc_r(reent,size)=malloc(size)'
