#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* REG_RIP */
#endif
#include "amx/emulator.h"

#include <immintrin.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

enum { TILES = 8, MAX_ROWS = 16, MAX_BYTES = 64, CONFIG_BYTES = 64 };

typedef struct tile {
    int rows, bytes; /* 0: not configured */
    _Alignas(64) uint8_t at[MAX_ROWS][MAX_BYTES];
} tile;

static _Thread_local struct {
    int is_configured;
    tile tiles[TILES];
    amx_counts counts;
} state;

amx_counts amx_emulator_counts(void) {
    amx_counts counts = state.counts;
    memset(&state.counts, 0, sizeof state.counts);
    return counts;
}

static _Noreturn void fault(const char *what) {
    static const char name[] = "AMX emulator: ";
    ssize_t ignored = write(STDERR_FILENO, name, sizeof name - 1);
    ignored = write(STDERR_FILENO, what, strlen(what));
    ignored = write(STDERR_FILENO, "\n", 1);
    (void)ignored;
    abort();
}

static void require(int holds, const char *otherwise) {
    if (!holds) fault(otherwise);
}

/* ---- decoding ---- */

/* Three-byte VEX prefix, opcode and operands. */
typedef struct instruction {
    int map, prefix, opcode; /* prefix: 0 none, 1 66, 2 F3, 3 F2 */
    int reg, rm, vvvv;
    int is_memory, has_sib;
    uint64_t address, index; /* without the scaled index register, which tile loads step by */
    int length;
} instruction;

static uint64_t read_register(const greg_t *registers, int i) {
    static const int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                   REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                   REG_R12, REG_R13, REG_R14, REG_R15};
    return (uint64_t)registers[places[i]];
}

static int64_t read_displacement(const uint8_t *at, int bytes) {
    int8_t narrow = 0;
    int32_t wide = 0;
    if (bytes == 1) memcpy(&narrow, at, 1);
    if (bytes == 4) memcpy(&wide, at, 4);
    return bytes == 1 ? narrow : wide;
}

/* The memory operand behind the ModRM byte; extensions x and b are 0 or 8. */
static void decode_memory(instruction *to, const uint8_t *code, int mod, int x, int b,
                          const greg_t *registers) {
    const int low = to->rm & 7;
    int displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0, is_relative = 0;
    to->is_memory = 1;
    to->has_sib = low == 4;
    if (to->has_sib) {
        const uint8_t sib = code[to->length++];
        const int index = (sib >> 3 & 7) | x, base = sib & 7;
        if (index != 4) to->index = read_register(registers, index) << (sib >> 6);
        if (base == 5 && mod == 0) displacement = 4;
        else to->address = read_register(registers, base | b);
    } else if (low == 5 && mod == 0) {
        displacement = 4;
        is_relative = 1;
    } else {
        to->address = read_register(registers, to->rm);
    }
    to->address += (uint64_t)read_displacement(code + to->length, displacement);
    to->length += displacement;
    if (is_relative) to->address += (uint64_t)(uintptr_t)(code + to->length);
}

/* 0: no such instruction */
static int decode(instruction *to, const uint8_t *code, const greg_t *registers) {
    if (code[0] != 0xC4 || code[2] & 0x84) return 0; /* W and L are 0 */
    *to = (instruction){.map = code[1] & 31,
                        .prefix = code[2] & 3,
                        .vvvv = ~code[2] >> 3 & 15,
                        .opcode = code[3],
                        .length = 5};
    const int r = ~code[1] >> 4 & 8, x = ~code[1] >> 3 & 8, b = ~code[1] >> 2 & 8;
    to->reg = (code[4] >> 3 & 7) | r;
    to->rm = (code[4] & 7) | b;
    if (code[4] >> 6 != 3) decode_memory(to, code, code[4] >> 6, x, b, registers);
    return to->map == 2;
}

/* ---- executing ---- */

static tile *tile_at(int i) {
    require(state.is_configured, "a tile is used before LDTILECFG");
    require(i < TILES, "a tile register beyond tmm7");
    require(state.tiles[i].rows > 0, "a tile is used that is not configured");
    require(state.tiles[i].bytes % 4 == 0, "a tile's rows are no multiple of 4 bytes");
    return &state.tiles[i];
}

static void configure(const uint8_t *from) {
    uint8_t config[CONFIG_BYTES];
    memcpy(config, from, sizeof config);
    state.counts.configures++;
    memset(state.tiles, 0, sizeof state.tiles);
    state.is_configured = config[0] != 0;
    if (!state.is_configured) return;
    require(config[0] == 1, "LDTILECFG: the palette is not 0 or 1");
    require(config[1] == 0, "LDTILECFG: the start row is not 0");
    for (int i = 2; i < 16; i++) require(config[i] == 0, "LDTILECFG: a reserved byte is not 0");
    for (int i = 0; i < 16; i++) {
        uint16_t bytes;
        memcpy(&bytes, config + 16 + 2 * i, sizeof bytes);
        const int rows = config[48 + i];
        require(i < TILES || (!rows && !bytes), "LDTILECFG: a tile beyond tmm7 is configured");
        require(rows <= MAX_ROWS, "LDTILECFG: a tile has more than 16 rows");
        require(bytes <= MAX_BYTES, "LDTILECFG: a tile's rows have more than 64 bytes");
        require(!rows == !bytes, "LDTILECFG: a tile has rows without bytes or the reverse");
        if (i < TILES) state.tiles[i].rows = rows, state.tiles[i].bytes = bytes;
    }
}

static void store_config(uint8_t *to) {
    uint8_t config[CONFIG_BYTES] = {(uint8_t)state.is_configured};
    for (int i = 0; i < TILES; i++) {
        const uint16_t bytes = (uint16_t)state.tiles[i].bytes;
        memcpy(config + 16 + 2 * i, &bytes, sizeof bytes);
        config[48 + i] = (uint8_t)state.tiles[i].rows;
    }
    memcpy(to, config, sizeof config);
}

static void release(void) {
    state.counts.releases++;
    state.is_configured = 0;
    memset(state.tiles, 0, sizeof state.tiles);
}

static void load(tile *t, uint64_t address, uint64_t stride) {
    state.counts.loads++;
    memset(t->at, 0, sizeof t->at);
    for (int i = 0; i < t->rows; i++, address += stride)
        memcpy(t->at[i], (const void *)(uintptr_t)address, (size_t)t->bytes);
}

static void store(const tile *t, uint64_t address, uint64_t stride) {
    state.counts.stores++;
    for (int i = 0; i < t->rows; i++, address += stride)
        memcpy((void *)(uintptr_t)address, t->at[i], (size_t)t->bytes);
}

/* Numbers at even and at odd places are summed apart, from zero, with one rounding for each fused
 * multiply-add; denormals are zeros, rounding is to nearest, whatever MXCSR says. */
__attribute__((target("avx512f"), noinline)) static void multiply(tile *sums, const tile *left,
                                                                  const tile *right) {
    enum { NEAREST_WITHOUT_DENORMALS = 0x1F80 | 0x8040 };
    require(sums != left && sums != right && left != right, "TDPBF16PS: two operands are the same");
    require(sums->rows == left->rows, "TDPBF16PS: the sums' rows are not the left tile's");
    require(sums->bytes == right->bytes, "TDPBF16PS: the sums' columns are not the right tile's");
    require(left->bytes == 4 * right->rows, "TDPBF16PS: the left columns are not the right rows");
    state.counts.products++;
    _mm_setcsr(NEAREST_WITHOUT_DENORMALS); /* the handler's own, for the time it runs */
    const __m512i high = _mm512_set1_epi32((int)0xFFFF0000);
    for (int i = 0; i < sums->rows; i++) {
        __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
        for (int k = 0; k < right->rows; k++) {
            int32_t pair;
            memcpy(&pair, left->at[i] + 4 * k, sizeof pair);
            const __m512i l = _mm512_set1_epi32(pair), r = _mm512_load_si512(right->at[k]);
            even = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_slli_epi32(l, 16)),
                                   _mm512_castsi512_ps(_mm512_slli_epi32(r, 16)), even);
            odd = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_and_si512(l, high)),
                                  _mm512_castsi512_ps(_mm512_and_si512(r, high)), odd);
        }
        const __m512 before = _mm512_load_ps((const float *)(const void *)sums->at[i]);
        _mm512_store_ps((float *)(void *)sums->at[i],
                        _mm512_add_ps(before, _mm512_add_ps(even, odd)));
    }
}

/* 0: none of AMX's */
static int execute(const instruction *in) {
    enum { NONE, P66, PF3, PF2 };
    void *const memory = (void *)(uintptr_t)(in->address + in->index);
    if (in->opcode == 0x49 && in->is_memory && in->reg == 0) {
        if (in->prefix == NONE) configure(memory);
        else if (in->prefix == P66) store_config(memory);
        else return 0;
    } else if (in->opcode == 0x49 && in->prefix == NONE && in->reg == 0 && in->rm == 0) {
        release();
    } else if (in->opcode == 0x49 && in->prefix == PF2 && !in->is_memory && in->rm == 0) {
        state.counts.zeros++;
        tile *t = tile_at(in->reg);
        memset(t->at, 0, sizeof t->at);
    } else if (in->opcode == 0x4B && in->prefix != NONE && in->is_memory) {
        require(in->has_sib, "a tile is loaded or stored without an index byte");
        if (in->prefix == PF3) store(tile_at(in->reg), in->address, in->index);
        else load(tile_at(in->reg), in->address, in->index);
    } else if (in->opcode == 0x5C && in->prefix == PF3 && !in->is_memory) {
        multiply(tile_at(in->reg), tile_at(in->rm), tile_at(in->vvvv));
    } else {
        return 0;
    }
    return 1;
}

static void on_illegal_instruction(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    instruction in;
    (void)info;
    if (decode(&in, (const uint8_t *)(uintptr_t)registers[REG_RIP], registers) && execute(&in))
        registers[REG_RIP] += in.length;
    else signal(number, SIG_DFL); /* comes again, and ends the process */
}

void amx_emulator_install(void) {
    struct sigaction action = {.sa_sigaction = on_illegal_instruction, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
}

/* ---- the level ---- */

extern const wf_kernels wf__kernels_v4_amx;

int amx_is_emulated(void) { return !wf_kernels_find("v4_amx"); }

const wf_kernels *amx_kernels(void) {
    if (!amx_is_emulated()) return &wf__kernels_v4_amx;
    if (!wf_kernels_find("v4_bf16")) {
        printf("skipped: this CPU has no AVX512-BF16, which the kernels v4_amx need too\n");
        return NULL;
    }
    amx_emulator_install();
    return &wf__kernels_v4_amx;
}
