/* Pieces of the model file's reader that single settings (set.c) use as well. */
#ifndef WF_SPEC_READER_H
#define WF_SPEC_READER_H

#include "spec/model.h"
#include "spec/yaml.h"

typedef struct wf_reader {
    wf_context *cx;
    const char *file; /* NULL: messages carry no position */
    wf_model_spec *spec;
} wf_reader;

/* Puts file:line:column before the recorded message if `status` is a failure; returns `status`. */
wf_status wf__located(const wf_reader *r, const wf_yaml *at, wf_status status);

/* Sets the field that the entry of a map names. */
wf_status wf__read_field(const wf_reader *r, const char *owner, const wf_field *fields,
                         void *config, const wf_yaml *entry);
/* One entry of `training`. */
wf_status wf__read_training(const wf_reader *r, wf_recipe *recipe, const wf_yaml *entry);

/* loss, optimizer, schedule: the parts of a recipe that are a class with its configuration. */
typedef struct wf_section {
    const char *key;
    wf_status (*set)(wf_recipe *recipe, wf_context *cx, const char *name);
    const char *(*name)(const wf_recipe *recipe);
    const wf_field *(*fields)(const wf_recipe *recipe);
    void *(*config)(const wf_recipe *recipe);
} wf_section;

enum { WF_N_SECTIONS = 3 };
extern const wf_section wf__sections[WF_N_SECTIONS];

/* early_stopping, ema, scheduled_sampling: parts of a recipe that are off, or on with keys. */
typedef struct wf_switched {
    const char *key, *example;
    const wf_field *fields;
    size_t offset; /* into wf_recipe: a struct that begins with int32_t is_on */
} wf_switched;

enum { WF_N_SWITCHED = 3 };
extern const wf_switched wf__switched[WF_N_SWITCHED];
/* One of its keys, which turns the part on. */
wf_status wf__read_switched_key(const wf_reader *r, wf_recipe *recipe, const wf_switched *s,
                                const wf_yaml *entry);

/* A key of every step of the pipeline that has this name.  Errors: WF_E_ARG. */
wf_status wf__read_augment_field(const wf_reader *r, wf_recipe *recipe, const char *step,
                                 const wf_yaml *entry);

/* Names of files and run folders: letters, digits, dot, - and _.  Errors: WF_E_ARG. */
wf_status wf__check_model_name(wf_context *cx, const char *name);
/* The output must have as many values as the model has classes, where it says so; of a sequence of
 * labels one more at each step. */
wf_status wf__check_classes(wf_context *cx, const wf_graph *g, int32_t classes);

/* accuracy, macro_f1, loss of a wf_claim; family, classes of a wf_model_spec. */
extern const wf_field wf__claim_fields[], wf__spec_fields[];

#endif
