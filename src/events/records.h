/* A file of records as TensorFlow frames them. */
#ifndef WF_EVENTS_RECORDS_H
#define WF_EVENTS_RECORDS_H

#include <protobuf-c/protobuf-c.h>

#include "base/files.h"

/* Each record is
 *   uint64 length | uint32 masked CRC of the length | data | uint32 masked CRC of the data
 * little-endian, as the only machines that weft runs on.
 * Source: https://www.tensorflow.org/tutorials/load_data/tfrecord */
typedef struct wf__records {
    wf_append *file;
    uint8_t *record; /* [capacity] the one that is being written */
    size_t capacity;
} wf__records;

/* A file of its own, whose name sorts behind those of the older ones; *out_is_first: there is none.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf__records_open(wf__records *out, int *out_is_first, wf_context *cx, const char *folder);
/* One write.  Errors: WF_E_LIMIT (2 GiB), WF_E_IO, WF_E_NOMEM; the file is then as before. */
wf_status wf__records_add(wf__records *r, wf_context *cx, const ProtobufCMessage *message);
/* Ends the writer whatever the result; zeroed is legal. */
wf_status wf__records_close(wf__records *r, wf_context *cx);

#endif
