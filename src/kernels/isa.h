/* Included by the k_*.c files only. Each of them is compiled once per level with WF_ISA set to its
 * name: v2, v3, v4 (x86-64-v2 ...), v4_bf16 (v4 and AVX512-BF16) or v4_amx (that, AMX-TILE and
 * AMX-BF16); a function `f` is called f_v2, f_v3 ... in the objects.
 * Vectors are the compilers' own vector types, so that one text serves every width. */
#ifndef WF_KERNELS_ISA_H
#define WF_KERNELS_ISA_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/kernels.h"

#define WF_PASTE_(a, b) a##_##b
#define WF_PASTE(a, b) WF_PASTE_(a, b)
#define WF_ISA_NAME(f) WF_PASTE(f, WF_ISA)

/* Instrumented code of large tiles takes minutes to compile; small ones have the same edges. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define IS_SANITIZED 0
#endif

#if defined(__AVX512F__)
enum { VL = 16, GEMM_MR = IS_SANITIZED ? 3 : 14 };
#elif defined(__AVX2__)
enum { VL = 8, GEMM_MR = IS_SANITIZED ? 3 : 6 };
#else
enum { VL = 4, GEMM_MR = IS_SANITIZED ? 3 : 6 };
#endif
enum { NV = 2, GEMM_NR = NV * VL };

#define WF_TEXT_(x) #x
#define WF_ISA_TEXT(x) WF_TEXT_(x)

/* clang 14 has names of its own for what it may use */
#if defined(__AMX_BF16__) || defined(__AMXBF16__)
#define WF_HAS_AMX
#endif

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));
typedef uint32_t vu __attribute__((vector_size(VL * 4)));
typedef float vf_loose __attribute__((vector_size(VL * 4), aligned(4), may_alias));

/* The compiler must take the vector for used and changed: for loops whose results nobody wants. */
#if defined(__AVX512F__)
#define TOUCH(v) __asm__ volatile("" : "+v"(v))
#else
#define TOUCH(v) __asm__ volatile("" : "+x"(v))
#endif

INLINE vf load(const float *p) { return *(const vf_loose *)p; }
INLINE void store(float *p, vf v) { *(vf_loose *)p = v; }
INLINE vf splat(float x) { return x - (vf){0}; }
/* The first n < VL floats. */
INLINE vf load_part(const float *p, int n) {
    vf v = {0};
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
}
INLINE void store_part(float *p, vf v, int n) { memcpy(p, &v, (size_t)n * sizeof *p); }
/* mask lanes are all ones or all zeros, as comparisons give them */
INLINE vf select_vf(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }

/* What the vector types cannot say in one instruction. max and min return b where one is NaN. */
#if defined(__AVX512F__)
INLINE vf max_vf(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vf min_vf(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vf sqrt_vf(vf x) { return (vf)_mm512_sqrt_ps((__m512)x); }
#elif defined(__AVX2__)
INLINE vf max_vf(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vf min_vf(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE vf sqrt_vf(vf x) { return (vf)_mm256_sqrt_ps((__m256)x); }
#else
INLINE vf max_vf(vf a, vf b) { return (vf)_mm_max_ps((__m128)a, (__m128)b); }
INLINE vf min_vf(vf a, vf b) { return (vf)_mm_min_ps((__m128)a, (__m128)b); }
INLINE vf sqrt_vf(vf x) { return (vf)_mm_sqrt_ps((__m128)x); }
#endif

#endif
