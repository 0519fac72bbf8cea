/* Configuration structs described by field tables: layers, losses, optimizers, schedules. */
#ifndef WF_NN_FIELDS_H
#define WF_NN_FIELDS_H

#include "base/str.h"
#include "nn/layer.h"

/* A struct of `size` bytes with every default filled in; *out is NULL when size is 0. A required
 * field is marked as not set until it is, see wf_fields_check.
 * Errors: WF_E_NOMEM. */
wf_status wf_fields_create(void **out, wf_context *cx, const wf_field *fields, size_t size);
/* Frees what fields own (nested layer specs), then the struct. NULL is legal. */
void wf_fields_destroy(const wf_field *fields, void *config);
/* A deep copy. */
wf_status wf_fields_copy(void **out, wf_context *cx, const wf_field *fields, size_t size,
                         const void *config);

/* Sets one field from its YAML text: "3", "[3, 5]", "same", "true", "1e-3". `owner` names the
 * object in messages ("layer conv2d_1"). A WF_FIELD_LAYER takes "lstm" or "{lstm: {units: 128}}".
 * Errors: WF_E_ARG naming owner, key, value and rule; unknown keys suggest the nearest. */
wf_status wf_fields_set(wf_context *cx, const char *owner, const wf_field *fields, void *config,
                        const char *key, const char *text);
/* Takes over `spec` (its configuration included). */
wf_status wf_fields_set_layer(wf_context *cx, const char *owner, const wf_field *fields,
                              void *config, const char *key, wf_layer_spec spec);
/* Every required field must have been set, nested layers included.
 * Errors: WF_E_ARG naming owner and key. */
wf_status wf_fields_check(wf_context *cx, const char *owner, const wf_field *fields,
                          const void *config);
const wf_field *wf_fields_find(const wf_field *fields, const char *key);
/* Appends the field's value as YAML flow text, such that wf_fields_set reads back the same bits. */
void wf_fields_write(wf_str *out, wf_context *cx, const wf_field *field, const void *config);

#endif
