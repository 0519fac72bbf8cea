/* CRC-32C, the checksum of records. */
#ifndef WF_EVENTS_CRC32C_H
#define WF_EVENTS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Polynomial 0x1edc6f41, reflected.  Threads: any.  Source: RFC 3720, appendix B.4 */
uint32_t wf__crc32c(const void *data, size_t size);

/* As records hold it: rotated and shifted, since a checksum over data with checksums is a weak one.
 * Source: tensorflow/core/lib/hash/crc32c.h */
uint32_t wf__crc32c_masked(const void *data, size_t size);

#endif
