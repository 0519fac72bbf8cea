/* Reads tests/parity/shapes/<layer>.txt, the problems that parity tests and benchmarks share.
 *
 * One problem per line, words KEY=VALUE in any order; lines that begin with # and empty ones are
 * skipped. Lists are written 3,5. Keys of the input:
 *   n                batch
 *   h= w= c=         images [N,H,W,C]
 *   t= f=            sequences [N,T,F]
 *   c= alone         vectors [N,C]
 *   value= key=      extents of the second and third input of attention: 5,3 or 4,4,3
 *   inputs           number of equal inputs (add); concatenate gives one width each: c=3,5,1
 *   layer            the layer inside of bidirectional, sweep or time_distributed
 *   n_steps          of repeat_vector: its key n
 * Every other key is the layer's own, as in a model file; absent ones have Keras' defaults. In
 * bidirectional, all but merge_mode belong to the inner layer, in sweep all but axis; with a
 * merge_mode the sweep's layer is bidirectional. In time_distributed all belong to it.
 *
 * For tests: whatever is wrong with a file aborts with a message. */
#ifndef WEFT_TESTS_SHAPES_H
#define WEFT_TESTS_SHAPES_H

#include <stdbool.h>

enum { SHAPES_MAX_ITEMS = 16, SHAPES_MAX_LIST = 8 };

typedef struct shapes_item {
    char key[32], value[32];
} shapes_item;

typedef struct shapes_problem {
    char layer[32]; /* the file's name */
    int line;
    char text[200]; /* the line, for messages */
    int count;
    shapes_item items[SHAPES_MAX_ITEMS];
} shapes_problem;

/* All problems of <folder>/<layer>.txt; free() them. */
shapes_problem *shapes_load(const char *folder, const char *layer, int *count);

/* The value's text, or `otherwise` when the key is absent. */
const char *shapes_text(const shapes_problem *p, const char *key, const char *otherwise);
long shapes_int(const shapes_problem *p, const char *key, long otherwise);
double shapes_real(const shapes_problem *p, const char *key, double otherwise);
bool shapes_bool(const shapes_problem *p, const char *key, bool otherwise);
/* "3" gives 3, 3. */
void shapes_pair(const shapes_problem *p, const char *key, long otherwise, long out[2]);
/* Returns the number of elements, 0 when the key is absent. */
int shapes_list(const shapes_problem *p, const char *key, long out[SHAPES_MAX_LIST]);

/* The extents of input `i` without the batch; returns the rank (1 to 3). */
int shapes_input(const shapes_problem *p, int i, long out[3]);
/* How many inputs the layer has. */
int shapes_input_count(const shapes_problem *p);
/* Whether the key is the layer's own, and not one of the input's or `layer`. */
bool shapes_is_config(const char *key);

#endif
