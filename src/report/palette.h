/* The colours of classes and families, as in pages/shared. */
#ifndef WF_REPORT_PALETTE_H
#define WF_REPORT_PALETTE_H

enum { WF_COLOUR_BYTES = 32 };

/* Of class `index` of `count`: one of ten that can be told apart also by colour-blind readers; of
 * more classes hues that are a golden angle apart. `buffer` may be returned. */
const char *wf_class_colour(char buffer[WF_COLOUR_BYTES], int index, int count);

/* "cnn", "rnn", "hybrid" or "other": what a family is drawn as. */
const char *wf_family_mark(const char *family);

#endif
