#include "data/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "data/formats.h"
#include "data/library.h"

typedef struct unpacking {
    wf_context *cx;
    const char *path, *folder;
    struct archive *archive;
    const wf_dataset_options *options;
    char name[WF_ARCHIVE_MAX_NAME]; /* of the member, as it is written to disk */
    char last[WF_ARCHIVE_MAX_NAME]; /* the folder that was made last, below `folder` */
    int64_t members, bytes, most_bytes, hidden;
    uint8_t *buffer;
} unpacking;

enum { BUFFER_BYTES = 256 << 10 };

int wf__archive_is_name(const char *path) {
    static const char *const endings[] = {".zip", ".tar", ".tar.gz", ".tgz"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (wf_path_has_suffix(path, endings[i])) return 1;
    return 0;
}

/* ---- names ---- */

static int is_hidden(const char *component) {
    return component[0] == '.' || strcmp(component, "__MACOSX") == 0;
}

/* Makes u->name of the member's: its components, none of which may lead elsewhere. Empty: the
 * archive's own top. */
static wf_status take_name(unpacking *u, int *out_hidden, const char *given) {
    wf_context *cx = u->cx;
    char copy[WF_ARCHIVE_MAX_NAME], *rest = copy;
    size_t used = 0;
    int depth = 0;
    *out_hidden = 0;
    WF_REQUIRE(given, WF_E_DATA, "%s: member %lld: its name is not readable", u->path,
               (long long)u->members);
    WF_REQUIRE(strlen(given) < sizeof copy, WF_E_LIMIT,
               "%s: member %.80s...: the name has more than %d bytes", u->path, given,
               WF_ARCHIVE_MAX_NAME - 1);
    WF_REQUIRE(*given != '/', WF_E_DATA,
               "%s: member %s: the name begins with /, must be below the archive's top", u->path,
               given);
    for (const char *c = given; *c; c++)
        WF_REQUIRE((unsigned char)*c >= ' ' && *c != 127 && *c != '\\', WF_E_DATA,
                   "%s: member %lld: the name holds a control character or a backslash", u->path,
                   (long long)u->members);
    strcpy(copy, given);
    u->name[0] = 0;
    for (char *component; (component = strsep(&rest, "/"));) {
        if (!*component || strcmp(component, ".") == 0) continue;
        WF_REQUIRE(strcmp(component, "..") != 0, WF_E_DATA,
                   "%s: member %s: the name leads out of the archive", u->path, given);
        WF_REQUIRE(++depth <= WF_ARCHIVE_MAX_DEPTH, WF_E_LIMIT,
                   "%s: member %s: more than %d folders deep", u->path, given,
                   WF_ARCHIVE_MAX_DEPTH);
        *out_hidden |= is_hidden(component);
        used += (size_t)snprintf(u->name + used, sizeof u->name - used, "%s%s", used ? "/" : "",
                                 component);
    }
    return WF_OK;
}

/* ---- a member ---- */

/* The folder of u->name, or u->name itself. */
static wf_status make_folder(unpacking *u, int is_own) {
    char *path = NULL, folder[WF_ARCHIVE_MAX_NAME];
    snprintf(folder, sizeof folder, "%s", u->name);
    char *slash = strrchr(folder, '/');
    if (!is_own && !slash) return WF_OK;
    if (!is_own) *slash = 0;
    if (strcmp(folder, u->last) == 0) return WF_OK;
    WF_TRY(wf_path_join(&path, u->cx, u->folder, folder));
    wf_status status = wf_dir_create(u->cx, path);
    if (status == WF_OK) strcpy(u->last, folder);
    wf_free(path);
    return status;
}

static wf_status copy_data(unpacking *u, wf_append *file) {
    wf_context *cx = u->cx;
    for (;;) {
        const la_ssize_t n = archive_read_data(u->archive, u->buffer, BUFFER_BYTES);
        if (n == 0) return WF_OK;
        WF_REQUIRE(n > 0, WF_E_DATA, "%s: member %s: %s", u->path, u->name,
                   archive_error_string(u->archive) ? archive_error_string(u->archive) : "damaged");
        u->bytes += n;
        WF_REQUIRE(u->bytes <= u->most_bytes, WF_E_LIMIT,
                   "%s: member %s: more than %lld bytes have come out of the archive, at most %d "
                   "times its size or %lld GiB are allowed",
                   u->path, u->name, (long long)u->most_bytes, WF_GZ_MAX_RATIO,
                   (long long)(WF_ARCHIVE_MAX_BYTES >> 30));
        WF_TRY(wf_append_add(file, u->cx, u->buffer, (size_t)n));
        WF_TRY(wf__progress(u->cx, u->options, wf_path_base(u->path), u->bytes, 0));
    }
}

static wf_status write_member(unpacking *u) {
    wf_context *cx = u->cx;
    wf_append *file = NULL;
    char *path = NULL;
    wf_status status;
    WF_TRY(make_folder(u, 0));
    WF_TRY(wf_path_join(&path, u->cx, u->folder, u->name));
    WF_REQUIRE_OR(!wf_path_exists(path), WF_E_DATA, "%s: member %s: it is there twice", u->path,
                  u->name);
    WF_TRY_OR(wf_append_open(&file, u->cx, path));
    WF_TRY_OR(copy_data(u, file));
done:
    wf_append_drop(file);
    wf_free(path);
    return status;
}

static wf_status take_member(unpacking *u, struct archive_entry *entry) {
    wf_context *cx = u->cx;
    const char *utf8 = archive_entry_pathname_utf8(entry);
    const int type = (int)archive_entry_filetype(entry);
    int hidden;
    WF_REQUIRE(++u->members <= WF_ARCHIVE_MAX_MEMBERS, WF_E_LIMIT,
               "%s: more than %d members, at most so many are allowed", u->path,
               WF_ARCHIVE_MAX_MEMBERS);
    WF_TRY(take_name(u, &hidden, utf8 ? utf8 : archive_entry_pathname(entry)));
    u->hidden += hidden && type == AE_IFREG;
    if (hidden || !*u->name) return WF_OK;
    WF_REQUIRE((type == AE_IFREG || type == AE_IFDIR) && !archive_entry_hardlink(entry), WF_E_DATA,
               "%s: member %s: it is a link or a device, must be a file or a folder", u->path,
               u->name);
    WF_REQUIRE(!archive_entry_is_encrypted(entry), WF_E_DATA,
               "%s: member %s: it is encrypted | pack it without a password", u->path, u->name);
    return type == AE_IFDIR ? make_folder(u, 1) : write_member(u);
}

static wf_status take_all(unpacking *u) {
    wf_context *cx = u->cx;
    for (;;) {
        struct archive_entry *entry;
        const int result = archive_read_next_header(u->archive, &entry);
        if (result == ARCHIVE_EOF) break;
        WF_REQUIRE(result == ARCHIVE_OK || result == ARCHIVE_WARN, WF_E_DATA,
                   "%s: behind member %lld: %s", u->path, (long long)u->members,
                   archive_error_string(u->archive));
        WF_TRY(take_member(u, entry));
    }
    WF_REQUIRE(u->members > 0, WF_E_DATA, "%s: it is empty", u->path);
    return WF_OK;
}

/* ---- the whole ---- */

static wf_status open_archive(unpacking *u) {
    wf_context *cx = u->cx;
    uint64_t size = 0;
    WF_TRY(wf_file_size(&size, u->cx, u->path));
    const int64_t grown = size < (uint64_t)(WF_ARCHIVE_MAX_BYTES / WF_GZ_MAX_RATIO)
                              ? (int64_t)size * WF_GZ_MAX_RATIO
                              : WF_ARCHIVE_MAX_BYTES;
    u->most_bytes = grown < WF_GZ_FREE_BYTES ? WF_GZ_FREE_BYTES : grown;
    WF_TRY(wf_alloc(&u->buffer, u->cx, BUFFER_BYTES, 1));
    u->archive = archive_read_new();
    WF_REQUIRE(u->archive, WF_E_NOMEM, "out of memory");
    archive_read_support_format_zip(u->archive);
    archive_read_support_format_tar(u->archive);
    archive_read_support_filter_gzip(u->archive);
    WF_REQUIRE(archive_read_open_filename(u->archive, u->path, BUFFER_BYTES) == ARCHIVE_OK,
               WF_E_DATA, "%s: %s, expected a zip or tar file", u->path,
               archive_error_string(u->archive));
    return WF_OK;
}

/* Below folders that hold nothing but one folder. */
static wf_status find_root(char **out, wf_context *cx, const char *folder) {
    char *root = NULL;
    WF_TRY(wf_strdup(&root, cx, folder));
    for (int depth = 0; depth < WF_ARCHIVE_MAX_DEPTH; depth++) {
        wf_names names = {0};
        char *next = NULL;
        wf_status status = wf_dir_list(&names, cx, root);
        if (status == WF_OK && names.count == 1)
            status = wf_path_join(&next, cx, root, names.items[0]);
        wf_names_reset(&names);
        const int goes_on = next && wf_path_is_dir(next);
        if (!goes_on) wf_free(next);
        if (status != WF_OK) wf_free(root);
        WF_TRY(status);
        if (!goes_on) break;
        wf_free(root);
        root = next;
    }
    *out = root;
    return WF_OK;
}

/* ---- the folder ---- */

#define FOLDER_NAME "unpacked"

/* Folders that nobody holds are of processes that were killed. */
static wf_status sweep(wf_context *cx, const char *cache) {
    wf_names names = {0};
    wf_status status = wf_dir_list(&names, cx, cache);
    for (size_t i = 0; i < names.count && status == WF_OK; i++) {
        char *folder = NULL;
        if (strncmp(names.items[i], FOLDER_NAME "-", sizeof FOLDER_NAME) != 0) continue;
        WF_TRY_OR(wf_path_join(&folder, cx, cache, names.items[i]));
        int lock = wf_path_is_link(folder) ? -1 : wf_dir_lock(folder, false);
        wf_context ignored = {0}; /* what cannot be removed is in nobody's way */
        if (lock >= 0) wf_dir_remove(&ignored, folder);
        if (lock >= 0) close(lock);
        wf_free(folder);
    }
done:
    wf_names_reset(&names);
    return status;
}

/* Between the making of a folder and its lock nobody may sweep: the cache's own lock is held. Where
 * folders cannot be locked nobody sweeps. */
static wf_status make_place(wf__unpacked *out, wf_context *cx, const char *cache) {
    WF_TRY(wf_dir_create(cx, cache));
    int guard = wf_dir_lock(cache, true);
    wf_status status = guard >= 0 ? sweep(cx, cache) : WF_OK;
    if (status == WF_OK) status = wf_dir_create_numbered(&out->folder, cx, cache, FOLDER_NAME);
    if (status == WF_OK) out->lock = wf_dir_lock(out->folder, true);
    if (guard >= 0) close(guard);
    return status;
}

wf_status wf__archive_unpack(wf__unpacked *out, wf_str *notes, wf_context *cx, const char *path,
                             const wf_dataset_options *options) {
    unpacking u = {.cx = cx, .path = path, .options = options};
    wf__unpacked made = {.lock = -1};
    wf_status status;
    WF_REQUIRE(options->cache_dir, WF_E_ARG,
               "%s: there is no folder to unpack it into | set HOME or XDG_CACHE_HOME", path);
    WF_TRY_OR(open_archive(&u));
    WF_TRY_OR(make_place(&made, cx, options->cache_dir));
    u.folder = made.folder;
    WF_TRY_OR(take_all(&u));
    WF_TRY_OR(find_root(&made.root, cx, made.folder));
    if (u.hidden)
        wf_str_addf(notes, cx, "%s: %lld hidden file(s) left out\n", wf_path_base(path),
                    (long long)u.hidden);
    WF_TRY_OR(notes->status);
    *out = made;
    made = (wf__unpacked){.lock = -1};
done:
    if (u.archive) archive_read_free(u.archive);
    wf_free(u.buffer);
    wf__unpacked_reset(&made, cx, path);
    return status;
}

/* "cache/unpacked-1/photos/a.png: damaged" -> "photos.zip/photos/a.png: damaged" */
static void name_archive(char *text, size_t size, const char *folder, const char *path) {
    char copy[1024];
    char *at = strstr(text, folder);
    if (!at) return;
    *at = 0;
    snprintf(copy, sizeof copy, "%s%s%s", text, path, at + strlen(folder));
    snprintf(text, size, "%.*s", (int)size - 1, copy);
}

void wf__unpacked_reset(wf__unpacked *u, wf_context *cx, const char *path) {
    wf_context ignored = {0};
    if (u->folder) {
        if (cx) name_archive(cx->message, sizeof cx->message, u->folder, path);
        if (wf_dir_remove(&ignored, u->folder) != WF_OK) /* what was short may not be any more */
            wf_dir_remove(&ignored, u->folder);
    }
    if (u->lock >= 0) close(u->lock);
    wf_free(u->folder);
    wf_free(u->root);
    *u = (wf__unpacked){.lock = -1};
}

const char *wf_archive_library_version(void) {
    enum { THOUSAND = 1000 };
    static char text[32];
    const int version = archive_version_number();
    snprintf(text, sizeof text, "%d.%d.%d", version / THOUSAND / THOUSAND,
             version / THOUSAND % THOUSAND, version % THOUSAND);
    return text;
}
