/* Run folders and the list over them: writing, reading, concurrency, damage. */
#include "store/store.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "runs.h"
#include "test.h"
#include "weft/eval.h"

TEST(an_absent_folder_holds_no_runs_and_is_not_made) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run_list list = list_of(store, NULL);
    wf_run *run = NULL;
    CHECK_INT(list.count, 0);
    CHECK(!wf_path_exists(dir));
    CHECK_INT(wf_run_open(&run, &cx, store, "gru-128"), WF_E_NOTFOUND);
    CHECK(strstr(cx.message, "gru-128") && strstr(cx.hint, "weft runs"));
    wf_store_close(store);
}

TEST(a_run_is_written_and_read_back) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 7);
    wf_run *run = NULL;
    wf_run_summary s = {0};
    wf_run_metrics m = {0};
    char *text = NULL;
    size_t length = 0;
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net"));
    CHECK_STR(wf_run_id(run), "net-1");
    CHECK_OK(&cx, wf_run_read_summary(&s, &cx, run));
    CHECK_STR(s.id, "net-1");
    CHECK_STR(s.model, "net");
    CHECK_STR(s.dataset, "pets");
    CHECK_STR(s.worst_class, "cat");
    CHECK_STR(s.best_class, "dog");
    CHECK_STR(s.claim_text, "acc .919 (9,186 right), loss .243");
    CHECK_INT(s.status, WF_RUN_FINISHED);
    CHECK_INT(s.seed, 7);
    CHECK_INT(s.epochs, 3);
    CHECK_INT(s.parameters, 161830);
    CHECK_INT(s.class_count, 2);
    CHECK_INT(s.test_count, 4);
    CHECK_NEAR(s.ms_per_step, 20, 0);
    CHECK_NEAR(s.s_per_epoch, 3, 0);
    CHECK_NEAR(s.total_s, 9, 0);
    CHECK_NEAR(s.accuracy, .75, 0);
    CHECK_NEAR(s.worst_f1, 2. / 3, 1e-15);
    CHECK_NEAR(s.claim_accuracy, .919, 0);
    CHECK(isnan(s.claim_macro_f1));
    CHECK_OK(&cx, wf_run_read_metrics(&m, &cx, run));
    CHECK_INT(m.count, 3);
    CHECK(m.epochs[2].loss == 1.0 / 3); /* to the last bit */
    CHECK(isnan(m.epochs[1].val_loss));
    CHECK_OK(&cx, wf_run_read_test(&text, &length, &cx, run));
    CHECK(strstr(text, "\"test_set\": \"used once, after training\""));
    CHECK(strstr(text, "\"weights\": \"best\""));
    wf_evaluation *e = NULL;
    CHECK_OK(&cx, wf_evaluation_from_json(&e, &cx, text, length));
    CHECK_NEAR(e->accuracy, .75, 0);
    wf_evaluation_destroy(e);
    wf_free(text);
    wf_run_metrics_reset(&m);
    wf_run_summary_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(a_fold_is_judged_on_held_out_images) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = NULL;
    wf_run_summary s;
    wf_run_list list = {0};
    char *text = NULL;
    size_t length = 0;
    wf_run_description d = description_of("net", 1);
    d.folds = 10;
    d.repeat = 1;
    finish_one(store, "net", 0);
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "net-r1f0"));
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    CHECK_FAILS(&cx, wf_run_read_fold(&text, &length, &cx, run), WF_E_NOTFOUND);
    CHECK_OK(&cx, wf_run_record_fold(&cx, run, "{\"accuracy\": 0.5, \"count\": 6}", "last"));
    CHECK_FAILS(&cx, wf_run_record_fold(&cx, run, "{}", "last"), WF_E_ARG);
    CHECK_OK(&cx, wf_run_record_predictions(&cx, run, (int32_t[]){7, 90}, (int32_t[]){1, 0},
                                            (int32_t[]){1, 1}, (float[]){0, 1, .5f, .5f}, 2, 2));
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL));
    wf_run_close(run);
    text = text_of(dir, "net-r1f0-1", "predictions.csv");
    CHECK_STR(text, "index,label,predicted,p0,p1\n7,1,1,0.0,1.0\n90,0,1,0.5,0.5\n");
    wf_free(text);
    CHECK_OK(&cx, wf_store_list(&list, &cx, store, "net"));
    CHECK_INT(list.count, 2);
    CHECK_INT(list.runs[0].folds, 0);
    CHECK(list.runs[1].folds == 10 && list.runs[1].repeat == 1 && list.runs[1].fold == 0);
    CHECK_NEAR(list.runs[1].accuracy, 0.5, 0);
    wf_run_list_reset(&list);
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net")); /* the latest that is no fold */
    CHECK_STR(wf_run_id(run), "net-1");
    wf_run_close(run);
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net-r1f0-1"));
    CHECK_OK(&cx, wf_run_read_fold(&text, &length, &cx, run));
    CHECK(strstr(text, "\"held_out\": \"used once, after training\""));
    CHECK_FAILS(&cx, wf_run_read_test(&text, &length, &cx, run), WF_E_NOTFOUND);
    CHECK_OK(&cx, wf_run_read_summary(&s, &cx, run));
    CHECK_INT(s.test_count, 6);
    wf_free(text);
    wf_run_summary_reset(&s);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(files_have_their_documented_form) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    const int32_t labels[] = {1, 0}, predicted[] = {1, 1};
    const float p[] = {.1f, .9f, .25f, .75f};
    finish_one(store, "net", 0);
    wf_run *run = NULL;
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net-1"));
    CHECK_OK(&cx, wf_run_record_predictions(&cx, run, NULL, labels, predicted, p, 2, 2));
    CHECK_OK(&cx, wf_run_write(&cx, run, "config.yaml", "a: 1\n", 5));
    CHECK_OK(&cx, wf_run_log(&cx, run, "first"));
    CHECK_OK(&cx, wf_run_log(&cx, run, "second"));
    wf_run_close(run);
    char *text = text_of(dir, "net-1", "metrics.csv");
    CHECK_STR(text, "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n"
                    "1,1.0,0.6,0.3,0.6,0.001,1.5,10.0\n"
                    "2,0.5,0.7,,0.6,0.001,3.0,20.0\n"
                    "3,0.3333333333333333,0.8,0.09999999999999999,0.6,0.001,4.5,30.0\n");
    wf_free(text);
    text = text_of(dir, "net-1", "predictions.csv");
    CHECK_STR(text, "index,label,predicted,p0,p1\n0,1,1,0.1,0.9\n1,0,1,0.25,0.75\n");
    wf_free(text);
    text = text_of(dir, "net-1", "config.yaml");
    CHECK_STR(text, "a: 1\n");
    wf_free(text);
    text = text_of(dir, "net-1", "log.txt");
    CHECK(strstr(text, "Z first\n") && strstr(text, "Z second\n"));
    wf_free(text);
    text = text_of(dir, "net-1", "description.json");
    CHECK(strstr(text, "\"status\": \"finished\""));
    CHECK(strstr(text, "\"claim\""));
    wf_free(text);
    wf_store_close(store);
}

TEST(folders_are_numbered_and_never_overwritten) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    finish_one(store, "net", 2);
    finish_one(store, "net-1", 3);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 3);
    CHECK_STR(list.runs[0].id, "net-1");
    CHECK_STR(list.runs[1].id, "net-2");
    CHECK_STR(list.runs[2].id, "net-1-1");
    wf_run_list_reset(&list);
    list = list_of(store, "net");
    CHECK_INT(list.count, 2);
    CHECK_INT(list.runs[1].seed, 2);
    wf_run_list_reset(&list);
    list = list_of(store, "nothing");
    CHECK_INT(list.count, 0);
    wf_run_list_reset(&list);
    wf_store_close(store);
}

TEST(references_name_a_path_a_run_or_a_model) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    char path[160];
    wf_run *run = NULL, *open = NULL;
    finish_one(store, "net", 1);
    finish_one(store, "net", 2);
    open = start(store, "net", 3); /* later, but not finished */
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net"));
    CHECK_STR(wf_run_id(run), "net-2");
    wf_run_close(run);
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net-3"));
    CHECK_STR(wf_run_id(run), "net-3");
    wf_run_close(run);
    snprintf(path, sizeof path, "%s/net-1/", dir);
    CHECK_OK(&cx, wf_run_open(&run, &cx, NULL, path));
    CHECK_STR(wf_run_id(run), "net-1");
    wf_run_close(run);
    CHECK_INT(wf_run_open(&run, &cx, store, "nett-2"), WF_E_NOTFOUND);
    CHECK_STR(cx.hint, "did you mean net-2?");
    CHECK_FAILS(&cx, wf_run_open(&run, &cx, store, ""), WF_E_NOTFOUND);
    wf_run_close(open);
    wf_store_close(store);
}

TEST(wrong_use_is_refused) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    static const char *const names[] = {"", ".hidden", "-x", "a/b", "a\nb", "../up"};
    wf_run *run = NULL;
    char long_name[120];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_FAILS(&cx, wf_run_create(&run, &cx, store, names[i]), WF_E_ARG);
    CHECK_FAILS(&cx, wf_run_create(&run, &cx, store, long_name), WF_E_ARG);
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "net"));
    wf_epoch_record second = epoch_of(2);
    wf_run_description d = description_of("net", UINT64_MAX), unnamed = {0};
    CHECK_FAILS(&cx, wf_run_record_epoch(&cx, run, &second), WF_E_ARG);
    CHECK_FAILS(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL), WF_E_ARG);
    CHECK_FAILS(&cx, wf_run_finish(&cx, run, WF_RUN_ABANDONED, NULL), WF_E_ARG);
    CHECK_FAILS(&cx, wf_run_describe(&cx, run, &d), WF_E_ARG);
    CHECK_FAILS(&cx, wf_run_describe(&cx, run, &unnamed), WF_E_ARG);
    d.seed = 1;
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    CHECK_FAILS(&cx, wf_run_describe(&cx, run, &d), WF_E_ARG);
    CHECK_FAILS(&cx, wf_run_record_test(&cx, run, "{", "best"), WF_E_DATA);
    char *test = evaluation_text();
    CHECK_OK(&cx, wf_run_record_test(&cx, run, test, "best"));
    CHECK_FAILS(&cx, wf_run_record_test(&cx, run, test, "best"), WF_E_ARG);
    wf_text_free(test);
    wf_run_close(run);
    wf_store_close(store);
}

TEST(a_killed_run_never_shows_as_finished) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    int ready[2];
    CHECK_INT(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        wf_run *run = start(store, "net", 5);
        wf_epoch_record r = epoch_of(1);
        if (wf_run_record_epoch(&cx, run, &r) != WF_OK) _exit(1);
        if (write(ready[1], "x", 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    char byte;
    CHECK_INT(read(ready[0], &byte, 1), 1);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    CHECK_INT(list.runs[0].status, WF_RUN_RUNNING);
    wf_run_list_reset(&list);
    wf_run *run = NULL;
    CHECK_FAILS(&cx, wf_run_continue(&run, &cx, store, "net-1", 1), WF_E_ARG); /* in use */

    CHECK_INT(kill(child, SIGKILL), 0);
    CHECK_INT(waitpid(child, NULL, 0), child);
    list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    CHECK_INT(list.runs[0].status, WF_RUN_ABANDONED);
    CHECK_INT(list.runs[0].epochs, 1);
    wf_run_list_reset(&list);
    CHECK_FAILS(&cx, wf_run_open(&run, &cx, store, "net"), WF_E_NOTFOUND);
    close(ready[0]);
    close(ready[1]);
    wf_store_close(store);
}

TEST(an_abandoned_run_is_continued_from_its_checkpoint) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = start(store, "net", 1);
    for (int i = 1; i <= 2; i++) {
        wf_epoch_record r = epoch_of(i);
        CHECK_OK(&cx, wf_run_record_epoch(&cx, run, &r));
    }
    wf_run_close(run);
    CHECK_FAILS(&cx, wf_run_continue(&run, &cx, store, "net-1", 3), WF_E_ARG);
    CHECK_OK(&cx, wf_run_continue(&run, &cx, store, "net-1", 1));
    wf_run_summary s = {0};
    CHECK_OK(&cx, wf_run_read_summary(&s, &cx, run));
    CHECK_INT(s.status, WF_RUN_RUNNING);
    CHECK_INT(s.epochs, 1);
    wf_run_summary_reset(&s);
    wf_epoch_record r = epoch_of(2);
    CHECK_OK(&cx, wf_run_record_epoch(&cx, run, &r));
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, "early stopping"));
    wf_run_close(run);
    CHECK_FAILS(&cx, wf_run_continue(&run, &cx, store, "net-1", 1), WF_E_ARG); /* finished */
    char *text = text_of(dir, "net-1", "description.json");
    CHECK(strstr(text, "\"reason\": \"early stopping\""));
    wf_free(text);
    wf_store_close(store);
}

TEST(processes_write_and_list_at_the_same_time) {
    enum { WRITERS = 4, EACH = 6 };
    const char *dir = fresh_dir();
    pid_t child[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        if (child[i] != 0) continue;
        wf_store *store = NULL;
        wf_run_list list = {0};
        if (wf_store_open(&store, &cx, dir) != WF_OK) _exit(1);
        for (int j = 0; j < EACH; j++) {
            wf_run *run = NULL;
            wf_run_description d = description_of("net", (uint64_t)(i * EACH + j));
            wf_epoch_record r = epoch_of(1);
            if (wf_run_create(&run, &cx, store, "net") != WF_OK ||
                wf_run_describe(&cx, run, &d) != WF_OK ||
                wf_store_list(&list, &cx, store, NULL) != WF_OK ||
                wf_run_record_epoch(&cx, run, &r) != WF_OK ||
                wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL) != WF_OK) {
                fprintf(stderr, "writer %d: %s\n", i, cx.message);
                _exit(1);
            }
            wf_run_list_reset(&list);
            wf_run_close(run);
        }
        wf_store_close(store);
        _exit(0);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = -1;
        CHECK_INT(waitpid(child[i], &status, 0), child[i]);
        CHECK_INT(status, 0);
    }
    wf_store *store = open_store(dir);
    wf_run_list list = list_of(store, "net");
    int seeds[WRITERS * EACH] = {0};
    CHECK_INT(list.count, WRITERS * EACH);
    for (size_t i = 0; i < list.count; i++) {
        CHECK_INT(list.runs[i].status, WF_RUN_FINISHED);
        CHECK_INT(list.runs[i].epochs, 1);
        seeds[list.runs[i].seed]++;
    }
    for (int i = 0; i < WRITERS * EACH; i++) CHECK_INT(seeds[i], 1);
    wf_run_list_reset(&list);
    wf_store_close(store);
}

TEST(a_lost_or_damaged_index_is_made_again) {
    static const char *const damages[] = {"", "this is not a database", NULL};
    const char *dir = fresh_dir();
    char path[160];
    snprintf(path, sizeof path, "%s/weft.db", dir);
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    finish_one(store, "net", 2);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 2);
    wf_run_list_reset(&list);
    wf_store_close(store);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        if (damages[i]) overwrite(dir, "weft.db", damages[i]);
        else CHECK_INT(unlink(path), 0);
        store = open_store(dir);
        list = list_of(store, "net");
        CHECK_INT(list.count, 2);
        CHECK_INT(list.runs[1].seed, 2);
        CHECK_NEAR(list.runs[1].accuracy, .75, 0);
        wf_run_list_reset(&list);
        wf_store_close(store);
        CHECK(wf_path_exists(path));
    }
}

/* Flips bytes all over a real index: whatever SQLite makes of it, the list is right. */
TEST(an_index_with_flipped_bytes_is_made_again) {
    const char *dir = fresh_dir();
    char path[160];
    snprintf(path, sizeof path, "%s/weft.db", dir);
    wf_store *store = open_store(dir);
    for (int i = 0; i < 4; i++) finish_one(store, "net", (uint64_t)i);
    wf_run_list list = list_of(store, NULL);
    wf_run_list_reset(&list);
    wf_store_close(store);
    for (long at = 0; at < 4096 * 3; at += 251) {
        FILE *f = fopen(path, "r+b");
        CHECK(f != NULL);
        if (fseek(f, at, SEEK_SET) == 0) fputs("\xff\x07\x80\x01", f);
        fclose(f);
        store = open_store(dir);
        list = list_of(store, NULL);
        CHECK_INT(list.count, 4);
        wf_run_list_reset(&list);
        wf_store_close(store);
    }
}

TEST(the_index_follows_the_folders) {
    const char *dir = fresh_dir();
    char command[256];
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    finish_one(store, "other", 2);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 2);
    wf_run_list_reset(&list);
    snprintf(command, sizeof command, "cd '%s' && rm -r net-1 && mv other-1 renamed && mkdir notes",
             dir);
    CHECK_INT(system(command), 0);
    list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    CHECK_STR(list.runs[0].id, "renamed");
    CHECK_INT(list.runs[0].seed, 2);
    wf_run_list_reset(&list);
    wf_store_close(store);
}

TEST(damaged_folders_are_listed_with_what_is_left) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = NULL;
    wf_run_metrics m = {0};
    finish_one(store, "net", 1);
    finish_one(store, "bad", 2);
    overwrite(dir, "bad-1/description.json", "{\"status\": \"finished\", ");
    overwrite(dir, "net-1/metrics.csv",
              "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n"
              "1,0.5,0.5,,,0.001,1.0,x\n");
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 2);
    CHECK_STR(list.runs[0].id, "bad-1");
    CHECK_INT(list.runs[0].status, WF_RUN_ABANDONED);
    CHECK_INT(list.runs[1].status, WF_RUN_FINISHED);
    CHECK_INT(list.runs[1].epochs, 0);
    CHECK(isnan(list.runs[1].total_s));
    wf_run_list_reset(&list);
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net-1"));
    CHECK_INT(wf_run_read_metrics(&m, &cx, run), WF_E_DATA);
    CHECK(strstr(cx.message, "line 2, column 8"));
    wf_run_close(run);
    wf_store_close(store);
}

TEST(metrics_files_of_others_are_read_strictly) {
    static const char *const damages[] = {
        "",
        "epoch,loss\n1,2\n",
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n2,1,1,1,1,1,"
        "1,1\n",
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n1,1,1,1,1,1,"
        "1\n",
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n"
        "1,1,1,1,1,1,1,1,1\n",
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n1,1,1,1,1,1,"
        "1,1",
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n\n",
    };
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = NULL;
    wf_run_metrics m = {0};
    finish_one(store, "net", 1);
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net-1"));
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        overwrite(dir, "net-1/metrics.csv", damages[i]);
        CHECK_FAILS(&cx, wf_run_read_metrics(&m, &cx, run), WF_E_DATA);
    }
    wf_run_close(run);
    wf_store_close(store);
}

TEST(a_folder_that_may_only_be_read_is_listed) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    wf_store_close(store);
    CHECK_INT(chmod(dir, 0500), 0);
    if (geteuid() == 0) { /* root may write anywhere: a folder in the way does the same */
        char path[160];
        CHECK_INT(chmod(dir, 0700), 0);
        snprintf(path, sizeof path, "%s/weft.db", dir);
        CHECK_INT(unlink(path), 0);
        CHECK_INT(mkdir(path, 0700), 0);
    }
    store = open_store(dir);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    wf_run_list_reset(&list);
    wf_store_close(store);
    CHECK_INT(chmod(dir, 0700), 0);
}

TEST(hostile_texts_survive_as_valid_utf8) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = NULL;
    wf_run_description d = description_of("<b>\"'&\n\xff'; DROP TABLE runs; --", 1);
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "it's; \"odd\" <name>"));
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    wf_run_close(run);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    CHECK_STR(list.runs[0].id, "it's; \"odd\" <name>-1");
    CHECK_STR(list.runs[0].model, "<b>\"'&\xef\xbf\xbd\xef\xbf\xbd'; DROP TABLE runs; --");
    wf_run_list_reset(&list);
    list = list_of(store, "it's; \"odd\" <name>");
    CHECK_INT(list.count, 1);
    wf_run_list_reset(&list);
    wf_store_close(store);
}

/* What is done while the k-th allocation, or the k-th write, rename ..., fails. */
static wf_status run_once(const char *dir) {
    wf_store *store = NULL;
    wf_run *run = NULL;
    wf_run_list list = {0};
    wf_run_description d = description_of("net", 1);
    wf_epoch_record r = epoch_of(1);
    wf_status status = wf_store_open(&store, &cx, dir);
    if (status == WF_OK) status = wf_run_create(&run, &cx, store, "net");
    if (status == WF_OK) status = wf_run_describe(&cx, run, &d);
    if (status == WF_OK) status = wf_run_log(&cx, run, "begins");
    if (status == WF_OK) status = wf_run_record_epoch(&cx, run, &r);
    if (status == WF_OK)
        status = wf_run_record_test(&cx, run, "{\"count\": 1, \"classes\": []}", "last");
    if (status == WF_OK) status = wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL);
    wf_run_close(run);
    if (status == WF_OK) status = wf_store_list(&list, &cx, store, NULL);
    wf_run_list_reset(&list);
    wf_store_close(store);
    return status;
}

/* At most one run, and finished only with all that belongs to it. */
static void check_whole(const char *dir) {
    wf_store *store = open_store(dir);
    wf_run_list list = list_of(store, NULL);
    CHECK(list.count <= 1);
    if (list.count == 1 && list.runs[0].status == WF_RUN_FINISHED) {
        CHECK_INT(list.runs[0].epochs, 1);
        CHECK_INT(list.runs[0].test_count, 1);
        CHECK_STR(list.runs[0].model, "net");
    }
    wf_run_list_reset(&list);
    wf_store_close(store);
}

TEST(failing_memory_is_reported) {
    int failures = 0;
    /* every one to begin with; later ones come from the same lines again and again */
    for (long k = 1; k < 4000; k += 1 + k / 100) {
        const char *dir = fresh_dir();
        long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = run_once(dir);
        wf__alloc_fail_at(0);
        if (status == WF_OK && wf__alloc_count() - before < k) break;
        CHECK(status == WF_OK || status == WF_E_NOMEM); /* a few parts do without */
        failures += status != WF_OK;
        check_whole(dir);
    }
    CHECK(failures > 30);
}

TEST(failing_disks_are_reported) {
    int failures = 0;
    for (long k = 1; k < 500; k++) {
        const char *dir = fresh_dir();
        wf__io_fail_at(k);
        wf_status status = run_once(dir);
        wf__io_fail_at(0);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_IO);
        failures++;
        check_whole(dir);
    }
    CHECK(failures > 20);
}

TEST_MAIN()
