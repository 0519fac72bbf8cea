/* The database over the run folders: what it holds, old, newer and damaged files, writers and
 * readers at the same time. Here it is read by SQLite itself. */
#include "store/database.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "runs.h"
#include "test.h"

static sqlite3 *open_database(const char *dir) {
    char path[160];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/weft.db", dir);
    CHECK_INT(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
              SQLITE_OK);
    return db;
}

static void execute(sqlite3 *db, const char *sql) {
    char *message = NULL;
    int result = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (result != SQLITE_OK) printf("%s\n", message);
    CHECK_INT(result, SQLITE_OK);
}

/* The first column of the first row; "(none)" without a row, "(null)" for NULL. */
static const char *ask(sqlite3 *db, const char *sql) {
    static char answers[8][512];
    static int next;
    char *answer = answers[next++ % 8];
    sqlite3_stmt *s = NULL;
    CHECK_INT(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    int result = sqlite3_step(s);
    const char *text = result == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : "(none)";
    snprintf(answer, sizeof answers[0], "%s", text ? text : "(null)");
    sqlite3_finalize(s);
    CHECK(result == SQLITE_ROW || result == SQLITE_DONE);
    return answer;
}

static const char *ask_file(const char *dir, const char *sql) {
    sqlite3 *db = open_database(dir);
    const char *answer = ask(db, sql);
    sqlite3_close(db);
    return answer;
}

static void list_all(wf_store *store) {
    wf_run_list list = list_of(store, NULL);
    wf_run_list_reset(&list);
}

/* A database as weft 0.1.0 left it, in a folder of runs. */
static void make_version_1(const char *dir) {
    uint8_t *sql = NULL;
    size_t size = 0;
    CHECK_OK(&cx, wf_dir_create(&cx, dir));
    CHECK_OK(&cx, wf_file_read(&sql, &size, &cx, WF_SOURCE_DIR "/tests/golden/store_version_1.sql",
                               1 << 20));
    sqlite3 *db = open_database(dir);
    execute(db, (const char *)sql);
    execute(db, "PRAGMA journal_mode = WAL");
    sqlite3_close(db);
    wf_free(sql);
}

static int remove_file(const char *dir, const char *name) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return unlink(path);
}

static size_t count_files(const char *dir, const char *begin) {
    wf_names names = {0};
    size_t count = 0;
    CHECK_OK(&cx, wf_dir_list(&names, &cx, dir));
    for (size_t i = 0; i < names.count; i++)
        count += strncmp(names.items[i], begin, strlen(begin)) == 0;
    wf_names_reset(&names);
    return count;
}

/* ---- what it holds ---- */

TEST(every_part_of_a_run_has_its_rows) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 7);
    sqlite3 *db = open_database(dir); /* written with the run, before any list */
    CHECK_STR(ask(db, "SELECT status || ' ' || part || ' ' || weights FROM runs"),
              "finished test best");
    CHECK_STR(ask(db, "SELECT group_concat(epoch || ':' || loss) FROM epochs WHERE run = 'net-1'"),
              "1:1.0,2:0.5,3:0.333333333333333");
    CHECK_STR(ask(db, "SELECT val_loss FROM epochs WHERE epoch = 2"), "(null)");
    CHECK_STR(ask(db, "SELECT cpu || ', ' || isa || ', ' || threads || ', ' || version FROM "
                      "environments"),
              "a CPU, v3, 2, 0.1.0");
    CHECK_STR(ask(db, "SELECT value FROM metrics WHERE name = 'accuracy' AND part = 'test'"),
              "0.75");
    CHECK_STR(ask(db, "SELECT value FROM metrics WHERE name = 'count'"), "4.0");
    CHECK_STR(ask(db, "SELECT group_concat(name || ' ' || value) FROM metrics WHERE name LIKE "
                      "'top%'"),
              "top_1 0.75,top_2 1.0");
    CHECK_STR(ask(db, "SELECT round(recall, 3) || ' ' || support FROM classes WHERE class_name = "
                      "'cat'"),
              "0.5 2");
    CHECK_STR(ask(db, "SELECT count(*) FROM folds"), "0");
    CHECK_STR(ask(db, "SELECT kind FROM artefacts WHERE path = 'test.json'"), "figures");
    CHECK_STR(ask(db, "SELECT accuracy || ' ' || tags FROM summary"), "0.75 {}");
    execute(db, "PRAGMA foreign_keys = ON; DELETE FROM runs");
    CHECK_STR(ask(db, "SELECT (SELECT count(*) FROM epochs) + (SELECT count(*) FROM metrics) + "
                      "(SELECT count(*) FROM class_scores) + (SELECT count(*) FROM artefacts)"),
              "0");
    sqlite3_close(db);
    wf_store_close(store);
}

/* A newer weft may write more: it comes by itself. */
TEST(unknown_figures_are_taken_in) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    overwrite(dir, "net-1/test.json",
              "{\"accuracy\": 0.5, \"mcc\": -0.25, \"kappa\": null, \"macro\": {\"f1\": 0.4}, "
              "\"deep\": {\"er\": {\"x\": 3}}, \"note\": \"text\", "
              "\"intervals\": {\"seed\": 0, \"accuracy\": [0.4, 0.6]}, "
              "\"classes\": [{\"name\": \"cat\", \"auc\": 0.875, \"f1\": null}, {\"auc\": 1}]}");
    list_all(store);
    CHECK_STR(ask_file(dir, "SELECT group_concat(name || ' ' || value, ', ') FROM (SELECT * FROM "
                            "metrics ORDER BY name)"),
              "accuracy 0.5, deep_er_x 3.0, macro_f1 0.4, mcc -0.25");
    CHECK_STR(ask_file(dir, "SELECT low || ' ' || high FROM metrics WHERE name = 'accuracy'"),
              "0.4 0.6");
    CHECK_STR(ask_file(dir, "SELECT group_concat(class || class_name || metric || value) FROM "
                            "(SELECT * FROM class_scores ORDER BY run, class)"),
              "0catauc0.875,1auc1.0");
    wf_store_close(store);
}

TEST(a_fold_is_stored_with_its_place) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = NULL;
    wf_run_description d = description_of("net", 1);
    d.folds = 10;
    d.repeat = 1;
    d.fold = 3;
    CHECK_OK(&cx, wf_run_create(&run, &cx, store, "net-cv"));
    CHECK_OK(&cx, wf_run_describe(&cx, run, &d));
    char *text = evaluation_text();
    CHECK_OK(&cx, wf_run_record_fold(&cx, run, text, "last"));
    wf_text_free(text);
    CHECK_OK(&cx, wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL));
    wf_run_close(run);
    CHECK_STR(ask_file(dir, "SELECT folds || ' ' || repeat || ' ' || fold FROM folds"), "10 1 3");
    CHECK_STR(ask_file(dir, "SELECT part || ' ' || value FROM metrics WHERE name = 'accuracy'"),
              "held-out 0.75");
    CHECK_STR(ask_file(dir, "SELECT fold || ' ' || accuracy || ' ' || part FROM summary"),
              "3 0.75 held-out");
    wf_store_close(store);
}

/* ---- files of other versions ---- */

TEST(a_store_of_version_1_is_migrated) {
    const char *dir = fresh_dir();
    make_version_1(dir);
    wf_str note = {0};
    wf__database *db = NULL;
    CHECK_OK(&cx, wf__database_open(&db, &cx, dir, 0, &note));
    CHECK_STR(ask(db->handle, "PRAGMA user_version"), "3");
    CHECK_STR(ask(db->handle, "SELECT group_concat(id || ' ' || status) FROM runs"),
              "cnn-3conv-leaky-1 finished,gru-128-1 finished");
    CHECK_STR(ask(db->handle, "SELECT accuracy FROM summary WHERE model = 'gru-128'"), "0.7875");
    CHECK_STR(ask(db->handle, "SELECT cpu || ' ' || isa || ' ' || threads FROM environments"),
              "AMD EPYC x86-64-v3 2");
    CHECK_STR(ask(db->handle, "SELECT claim_accuracy FROM runs WHERE id = 'gru-128-1'"), "0.8908");
    CHECK_STR(ask(db->handle, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'runs_2%'"), "0");
    CHECK_STR(ask(db->handle, "PRAGMA integrity_check"), "ok");
    CHECK_STR(ask(db->handle, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
    CHECK(note.length == 0);
    wf__database_close(db);
    CHECK_INT(count_files(dir, "weft.db.damaged"), 0);

    wf_store *store = open_store(dir); /* there are no folders behind these rows */
    finish_one(store, "net", 1);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    wf_run_list_reset(&list);
    CHECK_STR(ask_file(dir, "SELECT count(*) FROM metrics WHERE run <> 'net-1'"), "0");
    wf_store_close(store);
}

/* Every step by itself, and what is made at once is what is made step by step. */
TEST(a_fresh_store_has_the_schema_of_a_migrated_one) {
    static const char schema[] =
        "SELECT group_concat(type || name || coalesce(sql, '')) FROM (SELECT * FROM sqlite_master "
        "ORDER BY type, name)";
    char fresh[512], *dir = strdup(fresh_dir());
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    wf_store_close(store);
    snprintf(fresh, sizeof fresh, "%s", ask_file(dir, schema));
    CHECK_INT(remove_file(dir, "weft.db"), 0);
    remove_file(dir, "weft.db-wal");
    remove_file(dir, "weft.db-shm");
    make_version_1(dir);
    store = open_store(dir);
    list_all(store);
    wf_store_close(store);
    CHECK_STR(ask_file(dir, schema), fresh);
    CHECK_STR(ask_file(dir, "SELECT id FROM runs"), "net-1");
    free(dir);
}

TEST(a_migration_that_fails_changes_nothing) {
    const char *dir = fresh_dir();
    make_version_1(dir);
    sqlite3 *db = open_database(dir);
    execute(db, "CREATE TABLE epochs(x)"); /* in the way of version 3 */
    sqlite3_close(db);
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    CHECK(strstr(wf_store_note(store), "was damaged (table epochs already exists)"));
    CHECK_INT(count_files(dir, "weft.db.damaged-"), 1);
    wf_store_close(store);
    CHECK_STR(ask_file(dir, "SELECT id FROM runs"), "net-1");

    wf_names names = {0};
    CHECK_OK(&cx, wf_dir_list(&names, &cx, dir));
    for (size_t i = 0; i < names.count; i++) {
        char path[400];
        if (strncmp(names.items[i], "weft.db.damaged-", 16) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", dir, names.items[i]);
        CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
        CHECK_STR(ask(db, "PRAGMA user_version"), "1");
        CHECK_STR(ask(db, "SELECT count(*) FROM runs"), "2");
        sqlite3_close(db);
    }
    wf_names_reset(&names);
}

TEST(a_newer_store_is_refused_and_left_alone) {
    const char *dir = fresh_dir();
    char path[160], before[WF_HASH_HEX], after[WF_HASH_HEX];
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    wf_store_close(store);
    sqlite3 *db = open_database(dir);
    execute(db,
            "PRAGMA user_version = 9; CREATE TABLE tomorrow(x); PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_close(db);
    snprintf(path, sizeof path, "%s/weft.db", dir);
    CHECK_OK(&cx, wf_hash_file(before, &cx, WF_HASH_SHA256, path));
    store = open_store(dir);
    wf_run_list list = {0};
    CHECK_INT(wf_store_list(&list, &cx, store, NULL), WF_E_UNSUPPORTED);
    CHECK(
        strstr(cx.message, "weft.db: is a store of version 9, weft 0.1.0 knows versions up to 3"));
    CHECK(strstr(cx.hint, "use the newer weft"));
    CHECK_INT(wf_store_rebuild(&cx, store), WF_E_UNSUPPORTED);
    finish_one(store, "net", 2); /* its folder is written all the same, and this is said */
    CHECK(strstr(wf_store_note(store), "version 9"));
    wf_store_close(store);
    CHECK_OK(&cx, wf_hash_file(after, &cx, WF_HASH_SHA256, path));
    CHECK_STR(after, before);
    CHECK_INT(count_files(dir, "weft.db.damaged"), 0);
}

/* ---- damage ---- */

TEST(a_damaged_store_is_reported_kept_and_made_again) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = NULL;
    finish_one(store, "net", 1);
    CHECK_OK(&cx, wf_run_open(&run, &cx, store, "net-1"));
    CHECK_OK(&cx, wf_store_tag(&cx, store, run, "best", ""));
    wf_run_close(run);
    CHECK(wf_store_note(store) == NULL);
    wf_store_close(store);
    overwrite(dir, "weft.db", "SQLite format 3, or so it says, but the rest is something else");
    store = open_store(dir);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    CHECK_STR(list.runs[0].tags, "{\"best\":\"\"}"); /* the user's own: it lies in the folder */
    wf_run_list_reset(&list);
    CHECK(strstr(wf_store_note(store),
                 "weft.db was damaged (file is not a database): it is kept as"));
    CHECK_INT(count_files(dir, "weft.db.damaged-2"), 1);
    wf_store_close(store);
}

TEST(a_store_without_its_tables_is_made_again_under_an_open_one) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir), *other = open_store(dir);
    finish_one(store, "net", 1);
    list_all(other);
    sqlite3 *db = open_database(dir);
    execute(db, "DROP VIEW summary");
    sqlite3_close(db);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    wf_run_list_reset(&list);
    CHECK(strstr(wf_store_note(store), "was damaged"));
    list = list_of(other, NULL); /* still has the old file open */
    CHECK_INT(list.count, 1);
    wf_run_list_reset(&list);
    CHECK(count_files(dir, "weft.db.damaged-2") <= 2); /* once, perhaps with its log */
    wf_store_close(other);
    wf_store_close(store);
}

TEST(rebuilding_mends_rows) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    finish_one(store, "net", 2);
    sqlite3 *db = open_database(dir);
    execute(db, "UPDATE epochs SET loss = 99; DELETE FROM metrics; UPDATE runs SET model = 'x'; "
                "UPDATE environments SET cpu = 'no such'");
    CHECK_OK(&cx, wf_store_rebuild(&cx, store));
    CHECK_STR(ask(db, "SELECT count(*) || ' ' || max(loss) FROM epochs"), "6 1.0");
    CHECK_STR(ask(db, "SELECT group_concat(accuracy || model) FROM summary"), "0.75net,0.75net");
    CHECK_STR(ask(db, "SELECT group_concat(cpu) FROM environments"), "a CPU");
    sqlite3_close(db);
    wf_store_close(store);
}

TEST(a_folder_whose_name_is_no_text_is_reported) {
    const char *dir = fresh_dir();
    char from[160], to[160];
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    finish_one(store, "net", 2);
    snprintf(from, sizeof from, "%s/net-1", dir);
    snprintf(to, sizeof to, "%s/net\xff-1", dir);
    CHECK_INT(rename(from, to), 0);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 1);
    wf_run_list_reset(&list);
    CHECK(strstr(wf_store_note(store), "net\xff-1: the folder's name is not UTF-8"));
    wf_run *run = NULL;
    CHECK_FAILS(&cx, wf_run_create(&run, &cx, store, "n\xc3"), WF_E_ARG);
    wf_store_close(store);
}

/* Where no file can be written the database is in memory, and its questions only read as well. */
TEST(a_folder_that_may_only_be_read_is_queried) {
    const char *dir = fresh_dir();
    char path[160];
    json_t *answer = NULL;
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    wf_store_close(store);
    CHECK_INT(remove_file(dir, "weft.db"), 0);
    snprintf(path, sizeof path, "%s/weft.db", dir);
    CHECK_INT(mkdir(path, 0700), 0);
    store = open_store(dir);
    CHECK_FAILS(&cx, wf_store_query(&answer, &cx, store, "DELETE FROM runs", 9), WF_E_ARG);
    CHECK_FAILS(&cx, wf_store_query(&answer, &cx, store, "ATTACH '/tmp/x.db' AS x", 9), WF_E_ARG);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(&cx, wf_store_query(&answer, &cx, store, "SELECT id, accuracy FROM summary", 9));
        char *text = json_dumps(answer, JSON_COMPACT);
        CHECK_STR(text, "{\"columns\":[\"id\",\"accuracy\"],\"rows\":[[\"net-1\",0.75]]}");
        free(text);
        json_decref(answer);
        finish_one(store, "other", 2); /* written as ever, and found by the next list */
        overwrite(dir, "other-1/description.json", "{}");
        CHECK_OK(&cx, wf_store_delete(&cx, store, "other-1"));
    }
    wf_store_close(store);
}

/* ---- tags ---- */

TEST(tags_are_set_and_taken_away) {
    static const char *const bad[] = {"", "a=b", "x\n", "\xff"};
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = start(store, "net", 1), *seen = NULL; /* also while it is being written */
    CHECK_OK(&cx, wf_run_open(&seen, &cx, store, "net-1"));
    CHECK_OK(&cx, wf_store_tag(&cx, store, seen, "note", "it's \"good\"; DROP TABLE runs"));
    CHECK_OK(&cx, wf_store_tag(&cx, store, seen, "best", ""));
    CHECK_OK(&cx, wf_store_tag(&cx, store, seen, "gone", "1"));
    CHECK_OK(&cx, wf_store_tag(&cx, store, seen, "gone", NULL));
    CHECK_FAILS(&cx, wf_store_tag(&cx, store, seen, "gone", NULL), WF_E_NOTFOUND);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_FAILS(&cx, wf_store_tag(&cx, store, seen, bad[i], "x"), WF_E_ARG);
    CHECK_STR(ask_file(dir, "SELECT group_concat(name || '=' || value) FROM tags"),
              "best=,note=it's \"good\"; DROP TABLE runs");
    wf_run_close(seen);
    wf_run_close(run);
    wf_store_close(store);
}

/* ---- lists ---- */

static const char *ids_of(wf_store *store, const wf_run_filter *filter) {
    static char text[256];
    wf_run_list list = {0};
    CHECK_OK(&cx, wf_store_select(&list, &cx, store, filter));
    text[0] = 0;
    for (size_t i = 0; i < list.count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, list.runs[i].id);
    }
    wf_run_list_reset(&list);
    return text;
}

TEST(lists_are_filtered_and_sorted) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = NULL;
    wf_run_list list = {0};
    finish_one(store, "net", 1);
    finish_one(store, "other", 2);
    run = start(store, "net", 3);
    overwrite(dir, "other-1/test.json",
              "{\"accuracy\": 0.9, \"loss\": 0.2, \"macro\": {\"f1\": 0.1}}");
    CHECK_STR(ids_of(store, &(wf_run_filter){0}), "net-1 other-1 net-2");
    CHECK_STR(ids_of(store, &(wf_run_filter){.model = "net"}), "net-1 net-2");
    CHECK_STR(ids_of(store, &(wf_run_filter){.name = "other"}), "other-1");
    CHECK_STR(ids_of(store, &(wf_run_filter){.dataset = "pets", .status = "running"}), "net-2");
    CHECK_STR(ids_of(store, &(wf_run_filter){.dataset = "' OR 1 --"}), "");
    CHECK_STR(ids_of(store, &(wf_run_filter){.sort = "accuracy"}), "other-1 net-1 net-2");
    CHECK_STR(ids_of(store, &(wf_run_filter){.sort = "macro_f1", .limit = 1}), "net-1");
    CHECK_STR(ids_of(store, &(wf_run_filter){.limit = 2}), "other-1 net-2");
    CHECK_OK(&cx, wf_store_tag(&cx, store, run, "kind", "a"));
    CHECK_STR(ids_of(store, &(wf_run_filter){.tag = "kind"}), "net-2");
    CHECK_STR(ids_of(store, &(wf_run_filter){.tag = "kind=a"}), "net-2");
    CHECK_STR(ids_of(store, &(wf_run_filter){.tag = "kind=b"}), "");
    CHECK_FAILS(&cx, wf_store_select(&list, &cx, store, &(wf_run_filter){.status = "done"}),
                WF_E_ARG);
    CHECK_FAILS(&cx, wf_store_select(&list, &cx, store, &(wf_run_filter){.sort = "id"}), WF_E_ARG);
    wf_run_close(run);
    wf_store_close(store);
}

/* The plan of a statement, one line per step. */
static const char *plan_of(sqlite3 *db, const char *sql) {
    static char plan[2048];
    char explain[4096];
    sqlite3_stmt *s = NULL;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    CHECK_INT(sqlite3_prepare_v2(db, explain, -1, &s, NULL), SQLITE_OK);
    plan[0] = 0;
    while (sqlite3_step(s) == SQLITE_ROW) {
        strcat(plan, (const char *)sqlite3_column_text(s, 3));
        strcat(plan, "\n");
    }
    sqlite3_finalize(s);
    return plan;
}

TEST(questions_use_the_indexes) {
    static const struct {
        wf_run_filter filter;
        const char *index;
    } lists[] = {
        {{.name = "x"}, "INDEX runs_by_name"},          {{.name = "x"}, "INDEX runs_by_model"},
        {{.model = "x"}, "INDEX runs_by_model"},        {{.dataset = "x"}, "INDEX runs_by_dataset"},
        {{.status = "failed"}, "INDEX runs_by_status"}, {{.tag = "x=y"}, "INDEX tags_by_name"},
    };
    static const char *const texts[][2] = {
        {"SELECT run FROM metrics WHERE name = 'accuracy' AND part = 'test' ORDER BY value DESC",
         "INDEX metrics_by_name"},
        {"SELECT run FROM class_scores WHERE class_name = 'cat' AND metric = 'f1' ORDER BY value",
         "INDEX class_scores_by_name"},
        {"SELECT sum(bytes) FROM artefacts WHERE kind = 'checkpoint'", "INDEX artefacts_by_kind"},
        {"SELECT run FROM folds WHERE folds = 10 AND repeat = 0 ORDER BY fold",
         "INDEX folds_by_place"},
        {"SELECT loss FROM epochs WHERE run = 'x' ORDER BY epoch", "PRIMARY KEY (run=?)"},
        {"SELECT * FROM summary WHERE id = 'x'", "SEARCH r USING PRIMARY KEY (id=?)"},
    };
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    sqlite3 *db = open_database(dir);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        wf_str sql = {0};
        CHECK_OK(&cx, wf__select_text(&sql, &cx, &lists[i].filter));
        const char *plan = plan_of(db, sql.text);
        if (!strstr(plan, lists[i].index) || strstr(plan, "SCAN r\n"))
            printf("%s\n%s", sql.text, plan);
        CHECK(strstr(plan, lists[i].index) && !strstr(plan, "SCAN r\n"));
        wf_str_reset(&sql);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *plan = plan_of(db, texts[i][0]);
        if (!strstr(plan, texts[i][1]) || strstr(plan, "TEMP B-TREE"))
            printf("%s\n%s", texts[i][0], plan);
        CHECK(strstr(plan, texts[i][1]) && !strstr(plan, "TEMP B-TREE"));
    }
    sqlite3_close(db);
    wf_store_close(store);
}

/* ---- many at once ---- */

/* Four processes write runs epoch by epoch; a reader asks all the time. Nobody waits in vain, the
 * reader never sees less than before, and at the end every epoch of every folder is a row. */
TEST(four_writers_and_a_reader_lose_nothing) {
    enum { WRITERS = 4, RUNS = 3, EPOCHS = 20 };
    const char *dir = fresh_dir();
    pid_t child[WRITERS];
    CHECK_OK(&cx, wf_dir_create(&cx, dir));
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        if (child[i] != 0) continue;
        wf_store *store = NULL;
        if (wf_store_open(&store, &cx, dir) != WF_OK) _exit(1);
        for (int j = 0; j < RUNS; j++) {
            wf_run *run = NULL;
            wf_run_description d = description_of("net", (uint64_t)(i * RUNS + j));
            if (wf_run_create(&run, &cx, store, "net") != WF_OK ||
                wf_run_describe(&cx, run, &d) != WF_OK)
                _exit(2);
            for (int k = 1; k <= EPOCHS; k++) {
                wf_epoch_record r = epoch_of(k);
                if (wf_run_record_epoch(&cx, run, &r) != WF_OK) _exit(3);
            }
            if (wf_run_finish(&cx, run, WF_RUN_FINISHED, NULL) != WF_OK) _exit(4);
            wf_run_close(run);
        }
        _exit(wf_store_note(store) ? 5 : 0);
    }
    sqlite3 *db = NULL;
    int polls = 0, before = 0, left = WRITERS;
    wf_store *store = open_store(dir);
    while (left > 0) {
        int status = -1;
        if (waitpid(-1, &status, WNOHANG) > 0) {
            CHECK_INT(status, 0);
            left--;
        }
        list_all(store);
        if (!db) db = open_database(dir);
        int now = atoi(ask(db, "SELECT count(*) FROM epochs")); /* no busy timeout at all */
        CHECK(now >= before);
        before = now;
        polls++;
    }
    CHECK(polls > 3);
    /* what the writers themselves have put in, before the next list could */
    CHECK_INT(atoi(ask(db, "SELECT count(*) FROM epochs")), WRITERS * RUNS * EPOCHS);
    CHECK_STR(ask(db, "SELECT count(*) || ' ' || min(status) || ' ' || max(status) FROM runs"),
              "12 finished finished");
    CHECK_STR(ask(db, "SELECT count(DISTINCT seed) FROM runs"), "12");
    CHECK_STR(ask(db, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
    CHECK(wf_store_note(store) == NULL);
    CHECK_INT(count_files(dir, "weft.db.damaged"), 0);
    sqlite3_close(db);
    wf_store_close(store);
}

TEST_MAIN()
