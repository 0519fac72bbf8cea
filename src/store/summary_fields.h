/* The fields of wf_run_summary, one line each; binding, reading and freeing are loops over these
 * lists. `id`, `path` and `status` are not here. Every name is a column of the view `summary`. */
#ifndef WF_STORE_SUMMARY_FIELDS_H
#define WF_STORE_SUMMARY_FIELDS_H

/* Columns of the table `runs`. */
#define WF_RUN_FIELDS(TEXT, INTEGER, REAL)                                                         \
    TEXT(name)                                                                                     \
    TEXT(model)                                                                                    \
    TEXT(family)                                                                                   \
    TEXT(dataset)                                                                                  \
    TEXT(data_hash)                                                                                \
    TEXT(precision)                                                                                \
    TEXT(started)                                                                                  \
    TEXT(ended)                                                                                    \
    TEXT(reason)                                                                                   \
    TEXT(command)                                                                                  \
    TEXT(weights)                                                                                  \
    TEXT(part)                                                                                     \
    TEXT(worst_class)                                                                              \
    TEXT(best_class)                                                                               \
    TEXT(claim_text)                                                                               \
    INTEGER(seed)                                                                                  \
    INTEGER(epochs)                                                                                \
    INTEGER(epochs_planned)                                                                        \
    INTEGER(batch_size)                                                                            \
    INTEGER(train_count)                                                                           \
    INTEGER(validation_count)                                                                      \
    INTEGER(test_count)                                                                            \
    INTEGER(class_count)                                                                           \
    INTEGER(parameters)                                                                            \
    INTEGER(trainable_parameters)                                                                  \
    INTEGER(madds)                                                                                 \
    REAL(ms_per_step)                                                                              \
    REAL(s_per_epoch)                                                                              \
    REAL(total_s)                                                                                  \
    REAL(val_loss)                                                                                 \
    REAL(val_accuracy)                                                                             \
    REAL(worst_f1)                                                                                 \
    REAL(best_f1)                                                                                  \
    REAL(claim_accuracy)                                                                           \
    REAL(claim_macro_f1)                                                                           \
    REAL(claim_loss)

/* Columns of the table `environments`. */
#define WF_ENVIRONMENT_FIELDS(TEXT, INTEGER)                                                       \
    TEXT(cpu)                                                                                      \
    TEXT(isa)                                                                                      \
    INTEGER(threads)                                                                               \
    TEXT(version)                                                                                  \
    TEXT(libraries)

/* What the view takes from other tables. */
#define WF_OTHER_FIELDS(TEXT, INTEGER, REAL)                                                       \
    TEXT(tags)                                                                                     \
    INTEGER(folds)                                                                                 \
    INTEGER(repeat)                                                                                \
    INTEGER(fold)                                                                                  \
    REAL(accuracy)                                                                                 \
    REAL(loss)                                                                                     \
    REAL(macro_f1)

#define WF_SUMMARY_FIELDS(TEXT, INTEGER, REAL)                                                     \
    WF_RUN_FIELDS(TEXT, INTEGER, REAL)                                                             \
    WF_ENVIRONMENT_FIELDS(TEXT, INTEGER)                                                           \
    WF_OTHER_FIELDS(TEXT, INTEGER, REAL)

#endif
