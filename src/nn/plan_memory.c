/* Where each buffer of a plan lies; the map is in plan.h. */
#include "base/alloc.h"
#include "nn/plan_internal.h"

static void note_uses(wf_plan *plan) {
    for (int p = 0; p < plan->n_phases; p++) {
        const wf_phase *phase = &plan->phases[p];
        for (int i = phase->first; i < phase->first + phase->n; i++)
            for (int u = 0; u < plan->order[i].n_uses; u++) {
                wf_plan_buffer *buffer = &plan->buffers[plan->uses[plan->order[i].first_use + u]];
                if (buffer->first < 0) buffer->first = i;
                buffer->last = i;
                if (buffer->phase == WF_NO_PHASE && phase->n_tiles == 0) buffer->phase = p;
                else if (buffer->phase != p) buffer->phase = WF_MANY_PHASES;
            }
    }
}

/* A buffer of one group alone holds the images that the group is run for. Any other one must keep
 * its images while the groups that use it are run again and again. */
static void settle_life(wf_plan *plan, wf_plan_buffer *b) {
    const wf_group *first = &plan->order[b->first].group, *last = &plan->order[b->last].group;
    b->images = plan->shard_size;
    if (first->first == last->first) {
        b->images = first->images;
        return;
    }
    b->first = first->first;
    b->last = last->end - 1;
}

/* First fit among the local buffers whose lives overlap this one's. */
static size_t local_offset(const wf_plan *plan, int i, size_t bytes) {
    const wf_plan_buffer *me = &plan->buffers[i];
    size_t offset = 0;
    for (int k = 0; k < i; k++) {
        const wf_plan_buffer *other = &plan->buffers[k];
        if (other->kind != WF_BUFFER_LOCAL || other->phase != me->phase) continue;
        if (other->last < me->first || other->first > me->last) continue;
        size_t size = wf__padded_bytes(other->bytes * (size_t)other->images);
        if (other->offset < offset + bytes && offset < other->offset + size) {
            offset = other->offset + size;
            k = -1; /* the moved place may meet an earlier one */
        }
    }
    return offset;
}

wf_status wf__plan_place_buffers(wf_plan *plan, wf_context *cx) {
    note_uses(plan);
    for (int i = 0; i < plan->n_buffers; i++) {
        wf_plan_buffer *b = &plan->buffers[i];
        if (b->kind == WF_BUFFER_FIXED) {
            b->offset = plan->fixed_bytes;
            plan->fixed_bytes += wf__padded_bytes(b->bytes);
        } else if (b->phase >= 0 && !b->is_kept) {
            settle_life(plan, b);
            size_t bytes = wf__padded_bytes(b->bytes * (size_t)b->images);
            b->offset = local_offset(plan, i, bytes);
            b->kind = WF_BUFFER_LOCAL;
            if (b->offset + bytes > plan->local_bytes) plan->local_bytes = b->offset + bytes;
        } else if (b->first >= 0 || b->is_kept) {
            b->offset = plan->batch_bytes;
            plan->batch_bytes += wf__padded_bytes(b->bytes * (size_t)plan->options.batch_size);
        }
    }
    size_t workers = (size_t)wf_pool_size(plan->pool);
    WF_TRY(wf_alloc(&plan->fixed_memory, cx, plan->fixed_bytes, 1));
    WF_TRY(wf_alloc(&plan->local_memory, cx, workers, plan->local_bytes));
    WF_TRY(wf_alloc(&plan->batch_memory, cx, plan->batch_bytes, 1));
    return wf_alloc(&plan->scratch_memory, cx, workers, plan->scratch_bytes);
}
