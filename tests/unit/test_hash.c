#include "test.h"

#include "base/hash.h"
#include "scratch.h"

/* The test vectors of FIPS 180-4 and RFC 1321. */
TEST(known_digests) {
    char hex[WF_HASH_HEX];
    wf_hash_bytes(hex, WF_HASH_SHA256, "abc", 3);
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    wf_hash_bytes(hex, WF_HASH_SHA256, NULL, 0);
    CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    wf_hash_bytes(hex, WF_HASH_MD5, "message digest", 14);
    CHECK_STR(hex, "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(pieces_and_files) {
    wf_context cx = {0};
    char hex[WF_HASH_HEX];
    wf_hash h;
    wf_hash_init(&h, WF_HASH_SHA256);
    for (int i = 0; i < 1000; i++) wf_hash_add(&h, "aaaaaaaaaa", 10);
    wf_hash_hex(&h, hex);
    char *text = malloc(10000);
    memset(text, 'a', 10000);
    const char *path = scratch_file("a", text, 10000);
    free(text);
    char from_file[WF_HASH_HEX];
    CHECK_OK(&cx, wf_hash_file(from_file, &cx, WF_HASH_SHA256, path));
    CHECK_STR(from_file, hex);
    CHECK_STR(hex, "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711");
    CHECK_FAILS(&cx, wf_hash_file(hex, &cx, WF_HASH_MD5, scratch("none")), WF_E_NOTFOUND);
}

TEST_MAIN()
