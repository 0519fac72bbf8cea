#include <math.h>
#include <string.h>

#include "base/status.h"
#include "weft/compose.h"

enum { N = WF_OUTFIT_CLASSES, MAX_SWEEPS = 10000 };

static const double TOLERANCE = 1e-13, FULL_COUNT_RULE = 0.5;

/* In the order of Fashion-MNIST's labels. */
enum { T_SHIRT, TROUSER, PULLOVER, DRESS, COAT, SANDAL, SHIRT, SNEAKER, BAG, BOOT };

/* How many canvases show a class. They sum to 3.04, amid 2 to 5; all differ, so that there are
 * frequent and rare labels; the three kinds of footwear leave room for canvases without. */
static const double marginals[N] = {
    [T_SHIRT] = .40, [TROUSER] = .44, [PULLOVER] = .28, [DRESS] = .24, [COAT] = .22,
    [SANDAL] = .18,  [SHIRT] = .34,   [SNEAKER] = .32,  [BAG] = .36,   [BOOT] = .26};

/* At dependence 1 a rule multiplies the odds of both labels by exp(weight): -3 is 1 to 20,
 * and at dependence 2 it is 1 to 400. docs/guide/outfits.md says the same in words. */
static const struct rule {
    int a, b;
    double weight;
} rules[] = {
    /* never both */
    {DRESS, TROUSER, -3},
    {SANDAL, SNEAKER, -3},
    {SANDAL, BOOT, -3},
    {SNEAKER, BOOT, -3},
    /* a dress needs no top below it; a pullover may go over it */
    {DRESS, T_SHIRT, -1.5},
    {DRESS, SHIRT, -1.5},
    {DRESS, PULLOVER, -.75},
    {T_SHIRT, SHIRT, -1}, /* one of them is worn on the skin */
    /* what one wears with what */
    {DRESS, BAG, 1.5},
    {DRESS, SANDAL, 1},
    {DRESS, SNEAKER, -1},
    {TROUSER, T_SHIRT, .75},
    {TROUSER, SHIRT, .75},
    {TROUSER, SNEAKER, .5},
    {T_SHIRT, SNEAKER, .75},
    {COAT, BAG, .5},
    /* cold days and warm days */
    {COAT, PULLOVER, .5},
    {COAT, BOOT, 1},
    {COAT, SANDAL, -1.5},
    {PULLOVER, BOOT, .5},
    {PULLOVER, SANDAL, -1},
};

static int has(int set, int label) { return set >> label & 1; }

/* The logarithm of everything but the fields; -INFINITY where the set cannot be. */
static double energy(const wf_outfits *o, int set) {
    const int count = __builtin_popcount((unsigned)set);
    const int is_outside = count < WF_OUTFIT_LEAST || count > WF_OUTFIT_MOST;
    double sum = is_outside ? log(o->outside) : 0;
    for (int i = 0; i < N; i++)
        for (int j = i + 1; j < N; j++)
            if (has(set, i) && has(set, j)) sum += o->dependence * o->interactions[i][j];
    return sum;
}

/* Probabilities that follow from energies and fields. */
static void normalise(wf_outfits *o, const double *energies) {
    double most = -INFINITY, sum = 0;
    for (int s = 0; s < WF_OUTFIT_SETS; s++) {
        double e = energies[s];
        for (int i = 0; i < N; i++)
            if (has(s, i)) e += o->fields[i];
        o->probabilities[s] = e;
        if (e > most) most = e;
    }
    for (int s = 0; s < WF_OUTFIT_SETS; s++)
        sum += o->probabilities[s] = exp(o->probabilities[s] - most);
    for (int s = 0; s < WF_OUTFIT_SETS; s++) o->probabilities[s] /= sum;
}

static double marginal(const wf_outfits *o, int label) {
    double sum = 0;
    for (int s = 0; s < WF_OUTFIT_SETS; s++)
        if (has(s, label)) sum += o->probabilities[s];
    return sum;
}

/* One step of the fitting: this label's marginal becomes exact. Returns how far off it was. */
static double fit(wf_outfits *o, int label) {
    const double wanted = o->marginals[label], found = marginal(o, label);
    const double with = wanted / found, without = (1 - wanted) / (1 - found);
    for (int s = 0; s < WF_OUTFIT_SETS; s++) o->probabilities[s] *= has(s, label) ? with : without;
    o->fields[label] += log(with / without);
    return fabs(found - wanted);
}

static double entropy_of(double p) { return p > 0 ? -p * log(p) : 0; }

static void describe(wf_outfits *o) {
    memset(o->pairs, 0, sizeof o->pairs);
    o->entropy = o->total_correlation = 0;
    for (int s = 0; s < WF_OUTFIT_SETS; s++) {
        o->entropy += entropy_of(o->probabilities[s]);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                if (has(s, i) && has(s, j)) o->pairs[i][j] += o->probabilities[s];
    }
    for (int i = 0; i < N; i++)
        o->total_correlation += entropy_of(o->pairs[i][i]) + entropy_of(1 - o->pairs[i][i]);
    o->total_correlation = fmax(o->total_correlation - o->entropy, 0); /* rounding, at 0 */
}

wf_status wf_outfits_create(wf_outfits *out, wf_context *cx, double dependence) {
    WF_REQUIRE(dependence >= 0 && dependence <= 2, WF_E_ARG,
               "dependence is %g, must be from 0 (independent labels) to 2", dependence);
    wf_outfits o = {.dependence = dependence, .outside = 1 - dependence / FULL_COUNT_RULE};
    double energies[WF_OUTFIT_SETS], off = INFINITY;
    if (o.outside < 0) o.outside = 0;
    memcpy(o.marginals, marginals, sizeof marginals);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        o.interactions[rules[i].a][rules[i].b] = o.interactions[rules[i].b][rules[i].a] =
            rules[i].weight;
    for (int s = 0; s < WF_OUTFIT_SETS; s++) energies[s] = energy(&o, s);
    for (int i = 0; i < N; i++) o.fields[i] = log(o.marginals[i] / (1 - o.marginals[i]));
    normalise(&o, energies);
    for (int sweep = 0; sweep < MAX_SWEEPS && off > TOLERANCE; sweep++) {
        off = 0;
        for (int i = 0; i < N; i++) off = fmax(off, fit(&o, i));
    }
    WF_REQUIRE(off <= TOLERANCE, WF_E_INTERNAL, "outfits at dependence %g: marginals are off by %g",
               dependence, off);
    normalise(&o, energies);
    describe(&o);
    *out = o;
    return WF_OK;
}
