#include "cmd/machine.h"

#include <cpuid.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <jansson.h>
#include <nettle/version.h>
#include <png.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* jpeglib.h wants stdio.h and size_t before it. */
#include <jpeglib.h>

#include "data/library.h"
#include "serve/server.h"
#include "spec/library.h"
#include "store/library.h"

#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)
#ifdef LIBJPEG_TURBO_VERSION
#define JPEG_VERSION TEXT_OF(LIBJPEG_TURBO_VERSION)
#else
#define JPEG_VERSION "API " TEXT_OF(JPEG_LIB_VERSION)
#endif

const char *wf_cpu_name(void) {
    static char name[64];
    unsigned words[12] = {0};
    if (name[0] || (unsigned)__get_cpuid_max(0x80000000, NULL) < 0x80000004) return name;
    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                    &words[4 * i + 3]);
    char text[sizeof words + 1] = {0};
    memcpy(text, words, sizeof words);
    const char *start = text + strspn(text, " ");
    snprintf(name, sizeof name, "%s", start);
    return name;
}

/* Leaf 7 of CPUID; register 0 to 3 is eax to edx. */
static int has_bit(unsigned subleaf, int reg, int bit) {
    unsigned r[4] = {0};
    if (!__get_cpuid_count(7, subleaf, &r[0], &r[1], &r[2], &r[3])) return 0;
    return (int)(r[reg] >> bit & 1u);
}

wf_cpu_feature wf_cpu_feature_at(int i) {
    switch (i) {
    case 0: return (wf_cpu_feature){"sse4.2", __builtin_cpu_supports("sse4.2") != 0};
    case 1: return (wf_cpu_feature){"avx", __builtin_cpu_supports("avx") != 0};
    case 2: return (wf_cpu_feature){"avx2", __builtin_cpu_supports("avx2") != 0};
    case 3: return (wf_cpu_feature){"fma", __builtin_cpu_supports("fma") != 0};
    case 4: return (wf_cpu_feature){"avx512f", __builtin_cpu_supports("avx512f") != 0};
    case 5: return (wf_cpu_feature){"avx512bw", __builtin_cpu_supports("avx512bw") != 0};
    case 6: return (wf_cpu_feature){"avx512vl", __builtin_cpu_supports("avx512vl") != 0};
    case 7: return (wf_cpu_feature){"avx512_bf16", has_bit(1, 0, 5)};
    case 8: return (wf_cpu_feature){"amx_tile", has_bit(0, 3, 24)};
    case 9: return (wf_cpu_feature){"amx_bf16", has_bit(0, 3, 22)};
    default: return (wf_cpu_feature){0};
    }
}

wf_library wf_library_at(int i) {
    static char nettle[32];
    switch (i) {
    case 0: return (wf_library){"libfyaml", wf_yaml_library_version(), "model files"};
    case 1: return (wf_library){"jansson", jansson_version_str(), "JSON"};
    case 2: return (wf_library){"libpng", png_get_libpng_ver(NULL), "PNG images"};
    case 3: return (wf_library){"libjpeg", JPEG_VERSION, "JPEG images"};
    case 4: return (wf_library){"libwebp", wf_webp_library_version(), "images of a report"};
    case 5: return (wf_library){"libarchive", wf_archive_library_version(), "zip and tar archives"};
    case 6: return (wf_library){"zlib", zlibVersion(), "gzip files"};
    case 7:
        return (wf_library){"libcurl", curl_version_info(CURLVERSION_NOW)->version, "downloads"};
    case 8:
        snprintf(nettle, sizeof nettle, "%d.%d", nettle_version_major(), nettle_version_minor());
        return (wf_library){"nettle", nettle, "checksums"};
    case 9: return (wf_library){"sqlite", wf_store_library_version(), "the index of runs"};
    case 10: return (wf_library){"libmicrohttpd", wf_server_library_version(), "the live page"};
    case 11: return (wf_library){"protobuf-c", protobuf_c_version(), "ONNX files"};
    default: return (wf_library){0};
    }
}

const char *wf_library_line(void) {
    static char line[256];
    size_t used = 0;
    for (int i = 0; wf_library_at(i).name && used < sizeof line; i++) {
        wf_library library = wf_library_at(i);
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s %s", i ? ", " : "",
                                 library.name, library.version);
    }
    return line;
}

int64_t wf_resident_bytes(void) {
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1); /* "size resident ...", in pages */
    close(fd);
    char *end = text;
    if (n > 0) strtoll(text, &end, 10);
    return strtoll(end, NULL, 10) * sysconf(_SC_PAGESIZE);
}

wf_status wf_kernels_choose(const wf_kernels **out, wf_context *cx, const char *isa) {
    const wf_kernels *kernels = isa ? wf_kernels_find(isa) : wf_kernels_best();
    WF_REQUIRE(kernels, WF_E_UNSUPPORTED,
               "this CPU (%s) cannot run the kernels x86-64-%s | weft doctor shows what it can",
               wf_cpu_name(), isa ? isa : "v2");
    *out = kernels;
    return WF_OK;
}

const char *wf_isa_text(char buffer[16], const wf_kernels *kernels) {
    snprintf(buffer, 16, "x86-64-%s", kernels->isa);
    return buffer;
}
