#include "test.h"

#include "base/alloc.h"
#include "io/npy.h"
#include "scratch.h"

static wf_context cx;

TEST(round_trip_of_every_type) {
    static const uint8_t data[6 * 8] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const wf_shape shapes[] = {{0, {0}}, {1, {6}}, {2, {2, 3}}, {3, {1, 6, 1}}};
    for (int dtype = 0; dtype < WF_DTYPE_COUNT; dtype++) {
        for (size_t s = 0; s < 4; s++) {
            wf_tensor t = {NULL, (wf_dtype)dtype, shapes[s], data}, back;
            uint64_t bytes = 0;
            CHECK_OK(&cx, wf_npy_write(&cx, scratch("t.npy"), &t));
            CHECK_OK(&cx, wf_npy_read(&back, &cx, scratch("t.npy")));
            CHECK_INT(back.dtype, t.dtype);
            CHECK(wf_shape_equal(&back.shape, &t.shape));
            CHECK_OK(&cx, wf_tensor_bytes(&bytes, &cx, &t));
            CHECK(memcmp(back.data, data, (size_t)bytes) == 0);
            wf_npy_reset(&back);
        }
    }
}

/* What numpy.save writes for numpy.arange(3, dtype="<i4"). */
TEST(same_bytes_as_numpy) {
    static const int32_t values[3] = {0, 1, 2};
    const wf_tensor t = {NULL, WF_DTYPE_I32, {1, {3}}, values};
    uint8_t *bytes = NULL, expected[128 + 12];
    size_t size = 0;
    memset(expected, ' ', sizeof expected);
    memcpy(expected, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(expected + 10, "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }", 57);
    expected[127] = '\n';
    memcpy(expected + 128, values, 12);
    CHECK_OK(&cx, wf_npy_write(&cx, scratch("n.npy"), &t));
    CHECK_OK(&cx, wf_file_read(&bytes, &size, &cx, scratch("n.npy"), 1000));
    CHECK_INT(size, sizeof expected);
    CHECK(memcmp(bytes, expected, size) == 0);
    wf_free(bytes);
}

static void check_refused(const char *header, size_t n, wf_status expected, const char *text) {
    uint8_t bytes[512] = "\x93NUMPY\x01\x00";
    size_t length = strlen(header);
    bytes[8] = (uint8_t)length;
    memcpy(bytes + 10, header, length);
    wf_tensor t;
    CHECK_INT(wf_npy_parse(&t, &cx, bytes, 10 + length + n, "x.npy"), expected);
    if (!strstr(cx.message, text)) CHECK_STR(cx.message, text);
}

TEST(refused_files) {
    check_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 7, WF_E_DATA,
                  "x.npy: at byte 68: found 7 bytes of data, expected 8");
    check_refused("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n", 16,
                  WF_E_UNSUPPORTED, "x.npy: Fortran order");
    check_refused("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }\n", 8,
                  WF_E_UNSUPPORTED, "x.npy: type '>f4' is not one of <f4 <f8 <i4 <i8 |u1");
    check_refused("{'descr': '<f4', 'shape': (2,), }\n", 8, WF_E_DATA,
                  "x.npy: the header lacks descr, fortran_order or shape");
    check_refused("{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }\n", 8, WF_E_DATA,
                  "x.npy: header key 'descr' comes twice");
    check_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }\n", 8, WF_E_DATA,
                  "found '3', expected ')'");
    check_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999), }\n", 8,
                  WF_E_LIMIT, "");
    check_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }\n", 8,
                  WF_E_LIMIT, "x.npy: more than 8 axes");
    check_refused("{'x': 1}", 0, WF_E_DATA, "x.npy: unknown header key 'x'");
    check_refused("", 0, WF_E_DATA, "x.npy: header, character 0: found ' ', expected '{'");
    wf_tensor t;
    CHECK_FAILS(&cx, wf_npy_parse(&t, &cx, (const uint8_t *)"PK\3\4 a zip", 10, "x"), WF_E_DATA);
    CHECK_FAILS(&cx, wf_npy_parse(&t, &cx, (const uint8_t *)"\x93NUMPY\x01\x00\xff\x00", 10, "x"),
                WF_E_DATA);
    CHECK_FAILS(&cx, wf_npy_parse(&t, &cx, (const uint8_t *)"\x93NUMPY\x09\x00\xff\x00", 10, "x"),
                WF_E_UNSUPPORTED);
}

TEST_MAIN()
