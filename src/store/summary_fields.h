/* The fields of wf_run_summary that the index keeps, one line each; schema, binding, reading and
 * freeing are loops over this list. `path` is not here: it follows from folder and id. */
#ifndef WF_STORE_SUMMARY_FIELDS_H
#define WF_STORE_SUMMARY_FIELDS_H

#define WF_SUMMARY_FIELDS(TEXT, INTEGER, REAL)                                                     \
    TEXT(name)                                                                                     \
    TEXT(model)                                                                                    \
    TEXT(family)                                                                                   \
    TEXT(dataset)                                                                                  \
    TEXT(data_hash)                                                                                \
    TEXT(precision)                                                                                \
    TEXT(isa)                                                                                      \
    TEXT(cpu)                                                                                      \
    TEXT(started)                                                                                  \
    TEXT(ended)                                                                                    \
    TEXT(worst_class)                                                                              \
    TEXT(best_class)                                                                               \
    TEXT(claim_text)                                                                               \
    INTEGER(status)                                                                                \
    INTEGER(seed)                                                                                  \
    INTEGER(threads)                                                                               \
    INTEGER(epochs)                                                                                \
    INTEGER(epochs_planned)                                                                        \
    INTEGER(batch_size)                                                                            \
    INTEGER(folds)                                                                                 \
    INTEGER(repeat)                                                                                \
    INTEGER(fold)                                                                                  \
    INTEGER(train_count)                                                                           \
    INTEGER(validation_count)                                                                      \
    INTEGER(test_count)                                                                            \
    INTEGER(class_count)                                                                           \
    INTEGER(parameters)                                                                            \
    INTEGER(madds)                                                                                 \
    REAL(ms_per_step)                                                                              \
    REAL(s_per_epoch)                                                                              \
    REAL(total_s)                                                                                  \
    REAL(val_loss)                                                                                 \
    REAL(val_accuracy)                                                                             \
    REAL(accuracy)                                                                                 \
    REAL(loss)                                                                                     \
    REAL(macro_f1)                                                                                 \
    REAL(worst_f1)                                                                                 \
    REAL(best_f1)                                                                                  \
    REAL(claim_accuracy)                                                                           \
    REAL(claim_macro_f1)                                                                           \
    REAL(claim_loss)

#endif
