/*
 * Hyperscan as the anchor of the keyword scan: `hyperscan WORDS TEXT` compiles one literal a line of WORDS, then answers each line of standard
 * input: "scan" with the nanoseconds of one scan of TEXT and the number of finds, "finds" with "word end" a line (numbers, bytes) and an empty line.
 */
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *load(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(2);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*size + 1);
  if (!bytes || fread(bytes, 1, *size, file) != *size) exit(2);
  bytes[*size] = 0;
  fclose(file);
  return bytes;
}
static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
  (void)id, (void)from, (void)to, (void)flags;
  ++*(unsigned long *)context;
  return 0;
}
static int print(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
  (void)from, (void)flags, (void)context;
  printf("%u %llu\n", id, to);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  size_t words_size, text_size, lines = 0;
  char *words = load(argv[1], &words_size), *text = load(argv[2], &text_size);
  for (size_t i = 0; i < words_size; i++) lines += words[i] == '\n';
  const char **list = malloc(lines * sizeof *list);
  size_t *lengths = malloc(lines * sizeof *lengths);
  unsigned *ids = malloc(lines * sizeof *ids), *flags = calloc(lines, sizeof *flags);
  char *at = words;
  for (size_t i = 0; i < lines; i++) {
    char *end = strchr(at, '\n');
    list[i] = at;
    lengths[i] = (size_t)(end - at);
    ids[i] = (unsigned)i;
    *end = 0;
    at = end + 1;
  }
  hs_database_t *database = NULL;
  hs_compile_error_t *error = NULL;
  hs_scratch_t *scratch = NULL;
  if (hs_compile_lit_multi(list, flags, ids, lengths, (unsigned)lines, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS) {
    fprintf(stderr, "%s\n", error->message);
    return 3;
  }
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return 3;
  printf("ready %s\n", hs_version());
  fflush(stdout);
  char line[16];
  while (fgets(line, sizeof line, stdin)) {
    if (line[0] == 's') {
      unsigned long finds = 0;
      struct timespec start, end;
      clock_gettime(CLOCK_MONOTONIC, &start);
      if (hs_scan(database, text, (unsigned)text_size, 0, scratch, count, &finds) != HS_SUCCESS) return 3;
      clock_gettime(CLOCK_MONOTONIC, &end);
      printf("%lld %lu\n", (long long)(end.tv_sec - start.tv_sec) * 1000000000LL + (end.tv_nsec - start.tv_nsec), finds);
    } else {
      if (hs_scan(database, text, (unsigned)text_size, 0, scratch, print, NULL) != HS_SUCCESS) return 3;
      printf("\n");
    }
    fflush(stdout);
  }
  return 0;
}
