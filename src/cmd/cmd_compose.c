#include <string.h>

#include "base/clock.h"
#include "cmd/composed.h"

typedef struct compose_options {
    wf_session_flags session;
    int64_t count, test_count, seed;
    double dependence;
    const char *output;
} compose_options;

static const wf_option options_table[] = {
    {"output", 'o', WF_OPTION_TEXT, offsetof(compose_options, output), "DIR", NULL, NULL, 0, 0,
     "the set's folder, new or empty (needed)"},
    {"count", 'n', WF_OPTION_INT, offsetof(compose_options, count), "N", "50000", NULL, 1,
     WF_OUTFIT_MAX_COUNT, "training canvases, of training garments"},
    {"test-count", 0, WF_OPTION_INT, offsetof(compose_options, test_count), "N", "10000", NULL, 1,
     WF_OUTFIT_MAX_COUNT, "test canvases, of test garments"},
    {"dependence", 0, WF_OPTION_REAL, offsetof(compose_options, dependence), "S", "1", NULL, 0, 2,
     "how strongly labels depend on each other; 0: not at all"},
    {"seed", 0, WF_OPTION_INT, offsetof(compose_options, seed), "N", "0", NULL, 0, 1e15,
     "of all that is drawn"},
    WF_SESSION_OPTIONS(compose_options, session),
    {0}};

static double labels_of(const wf_outfits *o) {
    double sum = 0;
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++) sum += o->marginals[k];
    return sum;
}

static wf_status tell(wf_cli *cli, const compose_options *o, double seconds) {
    char train[32], test[32];
    wf_outfits outfits;
    WF_TRY(wf_outfits_create(&outfits, &cli->cx, o->dependence));
    wf_print(cli,
             "%s: %s training and %s test canvases of %s, %dx%d pixels, dependence %g, seed %lld\n"
             "%s: %.2f labels per canvas; entropy %.3f nats, total correlation %.3f nats; %.1f s\n",
             o->output, wf_thousands(train, o->count), wf_thousands(test, o->test_count),
             WF_GARMENTS, WF_OUTFIT_SIDE, WF_OUTFIT_SIDE, o->dependence, (long long)o->seed,
             o->output, labels_of(&outfits), outfits.entropy, outfits.total_correlation, seconds);
    cli->result = json_pack(
        "{s:s, s:s, s:s, s:f, s:I, s:I, s:I, s:[ii], s:f, s:f, s:f, s:f}", "kind", "outfits",
        "folder", o->output, "garments", WF_GARMENTS, "dependence", o->dependence, "seed",
        (json_int_t)o->seed, "train", (json_int_t)o->count, "test", (json_int_t)o->test_count,
        "size", WF_OUTFIT_SIDE, WF_OUTFIT_SIDE, "labels_per_canvas", labels_of(&outfits), "entropy",
        outfits.entropy, "total_correlation", outfits.total_correlation, "seconds", seconds);
    return WF_OK;
}

static wf_status compose(wf_session *s, const compose_options *o) {
    const double before = wf_clock_s();
    const wf_compose_options options = {.dependence = o->dependence,
                                        .seed = (uint64_t)o->seed,
                                        .n_train = o->count,
                                        .n_test = o->test_count};
    WF_TRY(wf_session_compose(s, &options, o->output));
    return tell(s->cli, o, wf_clock_s() - before);
}

static wf_status run(wf_cli *cli, const void *given) {
    const compose_options *o = given;
    wf_context *cx = &cli->cx;
    wf_session session = {0};
    WF_REQUIRE(!strcmp(cli->operands[0], "outfits"), WF_E_ARG,
               "nothing is composed by the name \"%s\" | there is outfits", cli->operands[0]);
    WF_REQUIRE(o->output, WF_E_ARG, "weft compose needs a folder | -o DIR");
    wf_status status = wf_session_init(&session, cli, &o->session);
    if (status == WF_OK) status = compose(&session, o);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_compose = {
    .name = "compose",
    .summary = "Make a data set with several labels per image",
    .operands = "outfits",
    .min_operands = 1,
    .max_operands = 1,
    .description =
        "outfits are canvases of 64x64 pixels on which garments of Fashion-MNIST lie, 10 to 28\n"
        "pixels large, one per label, partly covered, amid clutter and noise. Which labels go\n"
        "together follows rules (a dress without trousers, one kind of footwear, a bag with a\n"
        "dress) of strength S; each label alone is equally frequent at every S. At 0 labels are\n"
        "independent and of any number, from 0.5 on there are 2 to 5. DIR gets\n"
        "  train-images-idx3-ubyte, train-labels.csv, train-objects.csv, and the same of test\n"
        "  classes.txt, distribution.json    names; the exact probability of every label set\n"
        "  canvases.png                      the first training canvases, to look at",
    .examples = "weft compose outfits -o outfits\n"
                "weft compose outfits --dependence 0 --seed 1 -o outfits-independent",
    .options_size = sizeof(compose_options),
    .options = options_table,
    .run = run,
};
