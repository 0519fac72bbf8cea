#include "test.h"

#include "base/alloc.h"
#include "io/safetensors.h"
#include "scratch.h"

static wf_context cx;

static const float f32[6] = {1, -2, 3.5f, 0, 1e-30f, 6};
static const int64_t i64[2] = {-1, (int64_t)1 << 60};
static const uint8_t u8[5] = {0, 1, 2, 254, 255};

TEST(round_trip) {
    const wf_tensor tensors[] = {{"mask", WF_DTYPE_U8, {1, {5}}, u8},
                                 {"dense/kernel", WF_DTYPE_F32, {2, {2, 3}}, f32},
                                 {"step", WF_DTYPE_I64, {1, {2}}, i64},
                                 {"rate", WF_DTYPE_F32, {0, {0}}, f32 + 2}};
    const wf_metadata metadata[] = {{"format", "weft"}, {"note", "a \"quoted\" ü"}};
    const char *path = scratch("w.safetensors");
    CHECK_OK(&cx, wf_safetensors_write(&cx, path, tensors, 4, metadata, 2));
    wf_safetensors *f = NULL;
    CHECK_OK(&cx, wf_safetensors_read(&f, &cx, path));
    CHECK_INT(f->n_tensors, 4);
    CHECK_STR(f->tensors[0].name, "step"); /* the widest first */
    CHECK_STR(f->tensors[1].name, "dense/kernel");
    CHECK_STR(f->tensors[2].name, "rate");
    CHECK_STR(f->tensors[3].name, "mask");
    for (int i = 0; i < 4; i++) {
        const wf_tensor *t = wf_safetensors_find(f, tensors[i].name);
        uint64_t bytes = 0;
        CHECK(t && t->dtype == tensors[i].dtype && wf_shape_equal(&t->shape, &tensors[i].shape));
        CHECK_OK(&cx, wf_tensor_bytes(&bytes, &cx, t));
        CHECK(memcmp(t->data, tensors[i].data, (size_t)bytes) == 0);
        CHECK((uintptr_t)t->data % 64 == 0);
    }
    CHECK(wf_safetensors_find(f, "none") == NULL);
    CHECK_STR(wf_safetensors_text(f, "note"), "a \"quoted\" ü");
    CHECK(wf_safetensors_text(f, "none") == NULL);
    CHECK_INT(f->n_metadata, 2);
    wf_safetensors_destroy(f);
    wf_safetensors_destroy(NULL);
}

TEST(same_input_same_bytes) {
    const wf_tensor t = {"a", WF_DTYPE_F32, {1, {2}}, f32};
    uint8_t *bytes = NULL;
    size_t size = 0;
    CHECK_OK(&cx, wf_safetensors_write(&cx, scratch("a"), &t, 1, NULL, 0));
    CHECK_OK(&cx, wf_file_read(&bytes, &size, &cx, scratch("a"), 1000));
    CHECK_INT(size, 8 + 56 + 8);
    CHECK_INT(bytes[0], 56);
    CHECK(memcmp(bytes + 8, "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}  ",
                 56) == 0);
    wf_free(bytes);
}

TEST(what_cannot_be_written) {
    const wf_tensor twice[] = {{"a", WF_DTYPE_F32, {1, {2}}, f32},
                               {"a", WF_DTYPE_F32, {1, {2}}, f32}};
    const wf_tensor wide = {"w", WF_DTYPE_F64, {1, {2}}, f32};
    const wf_tensor empty = {"e", WF_DTYPE_F32, {1, {0}}, f32};
    const wf_tensor name = {"__metadata__", WF_DTYPE_F32, {1, {1}}, f32};
    const char *path = scratch("bad/x");
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("bad")));
    CHECK_INT(wf_safetensors_write(&cx, path, twice, 2, NULL, 0), WF_E_ARG);
    CHECK_STR(cx.message, "the name a comes twice in a safetensors file");
    CHECK_FAILS(&cx, wf_safetensors_write(&cx, path, &wide, 1, NULL, 0), WF_E_ARG);
    CHECK_FAILS(&cx, wf_safetensors_write(&cx, path, &empty, 1, NULL, 0), WF_E_SHAPE);
    CHECK_FAILS(&cx, wf_safetensors_write(&cx, path, &name, 1, NULL, 0), WF_E_ARG);
    CHECK_INT(scratch_entries("bad"), 0);
}

/* A file of this header and `n` bytes of data must fail so, with this text. */
static void check_refused(const char *header, size_t n, wf_status expected, const char *text) {
    uint8_t bytes[512] = {0};
    size_t length = strlen(header);
    bytes[0] = (uint8_t)length;
    bytes[1] = (uint8_t)(length >> 8);
    memcpy(bytes + 8, header, length);
    wf_safetensors *f = NULL;
    CHECK_INT(wf_safetensors_parse(&f, &cx, bytes, 8 + length + n, "m"), expected);
    if (!strstr(cx.message, text)) CHECK_STR(cx.message, text);
    CHECK(f == NULL);
}

TEST(refused_files) {
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, WF_E_DATA,
                  "m: tensor a: data_offsets [0, 8], the file has 7 bytes of data");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, WF_E_DATA,
                  "m: the tensors end at 8, found 9 bytes of data");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, WF_E_DATA,
                  "m: tensor a: data_offsets span 8 bytes, type and shape need 12");
    check_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                  "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
                  7, WF_E_DATA, "m: tensor b begins at 3, expected 4: the tensors overlap");
    check_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                  "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]}}",
                  9, WF_E_DATA, "m: tensor b begins at 5, expected 4: the tensors leave a gap");
    check_refused("{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8,
                  WF_E_UNSUPPORTED, "m: tensor a: type BF16, weft reads F32, I64 and U8");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,8]}}", 8, WF_E_DATA,
                  "m: tensor a: shape: entry 0 is not a whole number");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],"
                  "\"data_offsets\":[0,0]}}",
                  0, WF_E_LIMIT, "");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],"
                  "\"data_offsets\":[0,4]}}",
                  4, WF_E_LIMIT, "m: tensor a: 9 axes, at most 8");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}}", 4, WF_E_DATA,
                  "m: tensor a: data_offsets has 1 entries, expected 2");
    check_refused("{\"__metadata__\":{\"k\":5}}", 0, WF_E_DATA,
                  "m: __metadata__ \"k\" is not a string");
    check_refused("{\"a\":1}", 0, WF_E_DATA, "m: tensor a: not an object");
    check_refused("[]", 0, WF_E_DATA, "m: the header is not an object");
    wf_safetensors *f = NULL;
    const uint8_t huge[8] = {0, 0, 0x50}, longer[8] = {50};
    CHECK_FAILS(&cx, wf_safetensors_parse(&f, &cx, huge, 8, "m"), WF_E_LIMIT);
    CHECK_INT(wf_safetensors_parse(&f, &cx, longer, 8, "m"), WF_E_DATA);
    CHECK_STR(cx.message, "m: a header of 50 bytes is declared, found 0 bytes");
    CHECK_FAILS(&cx, wf_safetensors_parse(&f, &cx, huge, 7, "m"), WF_E_DATA);
}

TEST_MAIN()
