/*
 * Between a server and its system: fails, halves or delays the calls that touch files below one folder, and moves the
 * wall clock. Loaded with LD_PRELOAD; what it does stands in a small file that is mapped into memory, so that the other
 * end changes it while the server runs, without a call of its own (see ../harness/preload.js, which has the same layout).
 *
 * Only files that were opened below FAULTS_FOLDER are touched. A path is compared as it is given: ours are absolute.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE, SYNC, RENAME, OPEN, TRUNCATE, UNLINK, KINDS };
enum { NOTHING, FAIL, TEAR, SHORTEN, DELAY };
#define RULES 4
#define MAX_FD 65536

struct rule {
  uint32_t kinds;       /* a bit for each kind of call; 0: this rule is off */
  uint32_t action;
  uint32_t error;       /* errno of FAIL and TEAR */
  uint32_t chance;      /* of 2^32, when `at` is 0 */
  uint64_t at;          /* the call of this kind that is meant, from 1, counted since the process began */
  uint32_t delay_us;
  uint32_t fired;       /* how often it did something; ours to write */
};

struct control {
  uint64_t calls[KINDS + 2]; /* since the process began; ours to write */
  int64_t clock_offset_us;
  uint64_t reserved;
  struct rule rules[RULES];
};

static struct control *control;
static char folder[4096];
static size_t folder_length;
static unsigned char ours[MAX_FD];
static __thread uint64_t seed;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("FAULTS_CONTROL"), *below = getenv("FAULTS_FOLDER");
  if (!file || !below || strlen(below) >= sizeof folder) return;
  int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return;
  strcpy(folder, below);
  folder_length = strlen(below);
  control = memory;
  memset(control->calls, 0, sizeof control->calls);
}

static int is_below(const char *path) {
  if (!control || !path || strncmp(path, folder, folder_length)) return 0;
  return path[folder_length] == '/' || path[folder_length] == 0;
}

/*
 * Some closes go past us, straight to the system, and the number may be a socket's by now: so what was opened as one of
 * ours is looked at once more.
 */
static int is_ours(int fd) {
  if (!control || fd < 0 || fd >= MAX_FD || !ours[fd]) return 0;
  char link[64], path[4096] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return readlink(link, path, sizeof path - 1) > 0 && is_below(path);
}

static uint32_t chance(void) {
  if (!seed) seed = (uint64_t)(uintptr_t)&seed ^ ((uint64_t)getpid() << 32) ^ 0x9e3779b97f4a7c15u;
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)(seed >> 32);
}

/* A line in the server's log, for whoever wants to know what it was that failed. */
static void tell(int kind, uint64_t number, int fd, const char *path) {
  static const char *const names[] = {"write", "sync", "rename", "open", "truncate", "unlink"};
  char link[64], file[4096] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (!path && readlink(link, file, sizeof file - 1) > 0) path = file;
  dprintf(2, "{\"fault\":\"%s\",\"number\":%llu,\"path\":\"%s\"}\n", names[kind], (unsigned long long)number,
          path ? path : "");
}

/* The first rule that means this call; delays are waited for here. `error` is set when there is one to report. */
static int decide(int kind, int fd, const char *path, int *error) {
  uint64_t number = __atomic_add_fetch(&control->calls[kind], 1, __ATOMIC_SEQ_CST);
  for (int i = 0; i < RULES; i++) {
    struct rule *rule = &control->rules[i];
    if (!(rule->kinds & (1u << kind))) continue;
    if (rule->at ? rule->at != number : chance() >= rule->chance) continue;
    __atomic_add_fetch(&rule->fired, 1, __ATOMIC_SEQ_CST);
    *error = (int)rule->error;
    if (rule->at) tell(kind, number, fd, path);
    if (rule->action != DELAY) return (int)rule->action;
    usleep(rule->delay_us);
  }
  return NOTHING;
}

/* @returns whether the call has been refused, with errno set */
static int refused(int kind, int fd, const char *path) {
  int error = 0, action = decide(kind, fd, path, &error);
  if (action != FAIL && action != TEAR) return 0;
  errno = error;
  return 1;
}

static int opened(int fd, const char *path) {
  if (fd >= 0 && fd < MAX_FD) ours[fd] = (unsigned char)is_below(path);
  return fd;
}

#define OPEN_BODY(call) \
  if (is_below(path) && refused(OPEN, -1, path)) return -1; \
  return opened(call, path)

static mode_t mode_in(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(arguments, int) : 0;
}

int open(const char *path, int flags, ...) {
  REAL(open);
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  OPEN_BODY(real(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  OPEN_BODY(real(path, flags, mode));
}

int close(int fd) {
  REAL(close);
  if (fd >= 0 && fd < MAX_FD) ours[fd] = 0;
  return real(fd);
}

/* Writes so many of the bytes, over the pieces. */
static ssize_t write_some(int fd, const struct iovec *pieces, int count, off64_t offset, size_t wanted) {
  size_t done = 0;
  for (int i = 0; i < count && done < wanted; i++) {
    size_t length = pieces[i].iov_len < wanted - done ? pieces[i].iov_len : wanted - done;
    struct iovec piece = {pieces[i].iov_base, length};
    static ssize_t (*real_at)(int, const struct iovec *, int, off64_t);
    static ssize_t (*real_on)(int, const struct iovec *, int);
    if (!real_at) real_at = dlsym(RTLD_NEXT, "pwritev64");
    if (!real_on) real_on = dlsym(RTLD_NEXT, "writev");
    ssize_t now = offset < 0 ? real_on(fd, &piece, 1) : real_at(fd, &piece, 1, offset + (off64_t)done);
    if (now < 0) return done ? (ssize_t)done : -1;
    done += (size_t)now;
    if ((size_t)now < length) break;
  }
  return (ssize_t)done;
}

/* @returns 1 when the call has been dealt with, and *result says how */
static int interferes(int fd, const struct iovec *pieces, int count, off64_t offset, ssize_t *result) {
  if (!is_ours(fd)) return 0;
  int error = 0, action = decide(WRITE, fd, NULL, &error);
  if (action == NOTHING) return 0;
  size_t total = 0;
  for (int i = 0; i < count; i++) total += pieces[i].iov_len;
  *result = -1;
  if (action == SHORTEN && total < 2) return 0;
  if (action == SHORTEN || action == TEAR) *result = write_some(fd, pieces, count, offset, total / 2);
  if (action == SHORTEN) return 1;
  *result = -1;
  errno = error;
  return 1;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(write);
  struct iovec piece = {(void *)bytes, length};
  ssize_t result;
  return interferes(fd, &piece, 1, -1, &result) ? result : real(fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  REAL(pwrite64);
  struct iovec piece = {(void *)bytes, length};
  ssize_t result;
  return interferes(fd, &piece, 1, offset, &result) ? result : real(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  REAL(writev);
  ssize_t result;
  return interferes(fd, pieces, count, -1, &result) ? result : real(fd, pieces, count);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) {
  REAL(pwritev64);
  ssize_t result;
  return interferes(fd, pieces, count, offset, &result) ? result : real(fd, pieces, count, offset);
}

int fsync(int fd) {
  REAL(fsync);
  return is_ours(fd) && refused(SYNC, fd, NULL) ? -1 : real(fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return is_ours(fd) && refused(SYNC, fd, NULL) ? -1 : real(fd);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  return is_below(to) && refused(RENAME, -1, to) ? -1 : real(from, to);
}

int unlink(const char *path) {
  REAL(unlink);
  return is_below(path) && refused(UNLINK, -1, path) ? -1 : real(path);
}

int ftruncate64(int fd, off64_t length) {
  REAL(ftruncate64);
  return is_ours(fd) && refused(TRUNCATE, fd, NULL) ? -1 : real(fd, length);
}

/* The wall clock only: what the server decides by time must not depend on it. */

int clock_gettime(clockid_t clock, struct timespec *at) {
  REAL(clock_gettime);
  int status = real(clock, at);
  if (status || !control || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return status;
  int64_t us = (int64_t)at->tv_sec * 1000000 + at->tv_nsec / 1000 + control->clock_offset_us;
  at->tv_sec = us / 1000000;
  at->tv_nsec = us % 1000000 * 1000;
  return 0;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
  int status = real(at, zone);
  if (status || !control) return status;
  int64_t us = (int64_t)at->tv_sec * 1000000 + at->tv_usec + control->clock_offset_us;
  at->tv_sec = us / 1000000;
  at->tv_usec = us % 1000000;
  return 0;
}
