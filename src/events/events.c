/* Messages are put together on the stack, out of pointers to what the caller has. */
#include "weft/events.h"

#include <events.pb-c.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/version.h"
#include "events/histogram.h"
#include "events/records.h"

struct wf_events {
    wf__records records;
    wf__buckets buckets;
    wf__histogram histogram; /* the one that is being written */
};

/* protobuf-c's structs hold texts that it does not write to as char *. */
static char *unconst(const char *text) { return (char *)(uintptr_t)text; }

static double seconds_of(double time_s) {
    struct timespec now;
    if (time_s > 0) return time_s;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- the file ---- */

static wf_status begin_file(wf_events *e, wf_context *cx, int is_first, int64_t first_step) {
    Tb__SourceMetadata source = TB__SOURCE_METADATA__INIT;
    Tb__Event version = TB__EVENT__INIT, start = TB__EVENT__INIT;
    Tb__SessionLog log = TB__SESSION_LOG__INIT;
    source.writer = unconst("weft " WF_VERSION);
    version.wall_time = seconds_of(0);
    version.source_metadata = &source;
    version.what_case = TB__EVENT__WHAT_FILE_VERSION;
    version.file_version = unconst("brain.Event:2");
    WF_TRY(wf__records_add(&e->records, cx, &version.base));
    if (is_first) return WF_OK;
    log.status = TB__SESSION_LOG__STATUS__START;
    start.wall_time = version.wall_time;
    start.step = first_step;
    start.what_case = TB__EVENT__WHAT_SESSION_LOG;
    start.session_log = &log;
    return wf__records_add(&e->records, cx, &start.base);
}

wf_status wf_events_open(wf_events **out, wf_context *cx, const char *folder, int64_t first_step) {
    wf_context ignored = {0};
    wf_events *e = NULL;
    int is_first = 0;
    wf_status status;
    WF_TRY(wf_alloc(&e, cx, 1, sizeof *e));
    wf__buckets_init(&e->buckets);
    WF_TRY_OR(wf__records_open(&e->records, &is_first, cx, folder));
    WF_TRY_OR(begin_file(e, cx, is_first, first_step));
    *out = e;
    return WF_OK;
done:
    wf_events_close(e, &ignored);
    return status;
}

wf_status wf_events_flush(wf_events *e, wf_context *cx) {
    return wf_append_sync(e->records.file, cx);
}

wf_status wf_events_close(wf_events *e, wf_context *cx) {
    if (!e) return WF_OK;
    wf_status status = wf__records_close(&e->records, cx);
    wf_free(e);
    return status;
}

/* ---- records ---- */

static wf_status add_value(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                           Tb__Value *value) {
    Tb__Summary summary = TB__SUMMARY__INIT;
    Tb__Event event = TB__EVENT__INIT;
    value->tag = unconst(tag);
    summary.n_value = 1;
    summary.value = &value;
    event.wall_time = seconds_of(at.time_s);
    event.step = at.step;
    event.what_case = TB__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    return wf__records_add(&e->records, cx, &event.base);
}

wf_status wf_events_scalar(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                           double value) {
    Tb__Value v = TB__VALUE__INIT;
    v.value_case = TB__VALUE__VALUE_SIMPLE_VALUE;
    v.simple_value = (float)value;
    return add_value(e, cx, at, tag, &v);
}

wf_status wf_events_histogram(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                              const float *values, int64_t n) {
    Tb__Histogram histogram = TB__HISTOGRAM__INIT;
    Tb__Value v = TB__VALUE__INIT;
    wf__histogram *made = &e->histogram;
    wf__histogram_make(made, &e->buckets, values, n);
    if (!made->num) return WF_OK;
    histogram.min = made->min;
    histogram.max = made->max;
    histogram.num = (double)made->num;
    histogram.sum = made->sum;
    histogram.sum_squares = made->sum_squares;
    histogram.n_bucket_limit = histogram.n_bucket = (size_t)made->n_buckets;
    histogram.bucket_limit = made->limit;
    histogram.bucket = made->count;
    v.value_case = TB__VALUE__VALUE_HISTO;
    v.histo = &histogram;
    return add_value(e, cx, at, tag, &v);
}

wf_status wf_events_image(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                          const wf_event_image *image) {
    Tb__Image message = TB__IMAGE__INIT;
    Tb__Metadata metadata = TB__METADATA__INIT;
    Tb__Value v = TB__VALUE__INIT;
    message.height = image->height;
    message.width = image->width;
    message.colorspace = image->channels;
    message.encoded_image_string.data = (uint8_t *)(uintptr_t)image->png;
    message.encoded_image_string.len = image->bytes;
    v.value_case = TB__VALUE__VALUE_IMAGE;
    v.image = &message;
    if (image->description) {
        metadata.summary_description = unconst(image->description);
        v.metadata = &metadata;
    }
    return add_value(e, cx, at, tag, &v);
}

/* A tensor of one element, for the plugin of that name. */
static wf_status add_tensor(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                            Tb__Tensor *tensor, Tb__PluginData *plugin) {
    Tb__Dimension one = TB__DIMENSION__INIT, *dims[] = {&one};
    Tb__Shape shape = TB__SHAPE__INIT;
    Tb__Metadata metadata = TB__METADATA__INIT;
    Tb__Value v = TB__VALUE__INIT;
    one.size = 1;
    shape.n_dim = 1;
    shape.dim = dims;
    tensor->tensor_shape = &shape;
    metadata.plugin_data = plugin;
    metadata.data_class = TB__METADATA__DATA_CLASS__TENSOR;
    v.metadata = &metadata;
    v.value_case = TB__VALUE__VALUE_TENSOR;
    v.tensor = tensor;
    return add_value(e, cx, at, tag, &v);
}

wf_status wf_events_text(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                         const char *text) {
    ProtobufCBinaryData bytes = {strlen(text), (uint8_t *)(uintptr_t)text};
    Tb__PluginData plugin = TB__PLUGIN_DATA__INIT;
    Tb__Tensor tensor = TB__TENSOR__INIT;
    plugin.plugin_name = unconst("text");
    tensor.dtype = TB__TENSOR__TYPE__STRING;
    tensor.n_string_val = 1;
    tensor.string_val = &bytes;
    return add_tensor(e, cx, at, tag, &tensor, &plugin);
}

/* ---- hyperparameters ---- */

/* All of it stands in the metadata; the value is there because one must be. */
static wf_status add_session(wf_events *e, wf_context *cx, double time_s, const char *tag,
                             const Tb__HParams *content) {
    Tb__PluginData plugin = TB__PLUGIN_DATA__INIT;
    Tb__Tensor tensor = TB__TENSOR__INIT;
    float zero = 0;
    plugin.plugin_name = unconst("hparams");
    plugin.content.len = protobuf_c_message_get_packed_size(&content->base);
    WF_TRY(wf_alloc(&plugin.content.data, cx, plugin.content.len, 1));
    protobuf_c_message_pack(&content->base, plugin.content.data);
    tensor.dtype = TB__TENSOR__TYPE__FLOAT;
    tensor.n_float_val = 1;
    tensor.float_val = &zero;
    wf_status status = add_tensor(e, cx, (wf_event_point){0, time_s}, tag, &tensor, &plugin);
    wf_free(plugin.content.data);
    return status;
}

/* One entry of the map. */
typedef struct map_entry {
    Tb__HParam entry;
    Tb__HParamValue value;
} map_entry;

static void fill_entry(map_entry *m, const wf_hparam *from) {
    tb__hparam__init(&m->entry);
    tb__hparam_value__init(&m->value);
    m->entry.key = unconst(from->name);
    m->entry.value = &m->value;
    switch (from->kind) {
    case WF_HPARAM_NUMBER:
        m->value.kind_case = TB__HPARAM_VALUE__KIND_NUMBER_VALUE;
        m->value.number_value = from->number;
        break;
    case WF_HPARAM_BOOL:
        m->value.kind_case = TB__HPARAM_VALUE__KIND_BOOL_VALUE;
        m->value.bool_value = from->number > 0;
        break;
    case WF_HPARAM_TEXT:
        m->value.kind_case = TB__HPARAM_VALUE__KIND_STRING_VALUE;
        m->value.string_value = unconst(from->text);
        break;
    }
}

wf_status wf_events_begin_session(wf_events *e, wf_context *cx, double time_s,
                                  const wf_hparam *hparams, size_t n) {
    Tb__SessionStart start = TB__SESSION_START__INIT;
    Tb__HParams content = TB__HPARAMS__INIT;
    map_entry *entries = NULL;
    Tb__HParam **list = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&entries, cx, n + 1, sizeof *entries));
    WF_TRY_OR(wf_alloc(&list, cx, n + 1, sizeof *list));
    for (size_t i = 0; i < n; i++) {
        fill_entry(&entries[i], &hparams[i]);
        list[i] = &entries[i].entry;
    }
    start.n_hparams = n;
    start.hparams = list;
    start.start_time_secs = seconds_of(time_s);
    content.data_case = TB__HPARAMS__DATA_SESSION_START_INFO;
    content.session_start_info = &start;
    WF_TRY_OR(add_session(e, cx, time_s, "_hparams_/session_start_info", &content));
done:
    wf_free(list);
    wf_free(entries);
    return status;
}

wf_status wf_events_end_session(wf_events *e, wf_context *cx, double time_s, int succeeded) {
    Tb__SessionEnd end = TB__SESSION_END__INIT;
    Tb__HParams content = TB__HPARAMS__INIT;
    end.status = succeeded ? TB__SESSION_END__STATUS__SUCCESS : TB__SESSION_END__STATUS__FAILURE;
    end.end_time_secs = seconds_of(time_s);
    content.data_case = TB__HPARAMS__DATA_SESSION_END_INFO;
    content.session_end_info = &end;
    return add_session(e, cx, time_s, "_hparams_/session_end_info", &content);
}
