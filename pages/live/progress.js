/** Where a training is: figures out of a run and its last line. */

/** Steps of the whole training, as planned. */
const planned = ({epochs_planned, live}) => epochs_planned * live.steps;

/** 0 to 1. */
export function share(run) {
    if (run.live) return planned(run) ? Math.min(1, run.live.step / planned(run)) : 0;
    return run.epochs_planned ? Math.min(1, run.epochs / run.epochs_planned) : 0;
}

/**
 * Seconds until the last planned epoch ends, null when nobody can know yet: by the time that epochs took, validation
 * included, before the first one ended by the images per second. Early stopping may end it sooner.
 */
export function secondsLeft(run) {
    const {live} = run;
    if (run.status !== "running" || !live) return null;
    const steps = Math.max(0, planned(run) - live.step);
    if (run.s_per_epoch && live.steps) return (steps / live.steps) * run.s_per_epoch;
    return live.images_per_s ? (steps * run.batch_size) / live.images_per_s : null;
}

/** Where in the epochs a step is: 2.5 is half of the third. */
export const epochOf = (step, steps) => (steps ? step / steps : 0);
