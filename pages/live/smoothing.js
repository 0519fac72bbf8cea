/**
 * An exponential moving average as TensorBoard's: started at 0 and divided by the weight that has been given out so
 * far, so that the first values are not pulled to 0. What is no number stays as it is.
 */
export function smooth(values, weight) {
    if (!weight) return values;
    let sum = 0,
        given = 0;
    return Array.from(values, value => {
        if (!Number.isFinite(value)) return value;
        sum = sum * weight + (1 - weight) * value;
        given = given * weight + (1 - weight);
        return sum / given;
    });
}
