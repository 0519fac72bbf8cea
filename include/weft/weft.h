/* All of weft:
 *
 *   status.h   codes, the error record, freeing of texts
 *   threads.h  the workers that compute
 *   data.h     images, data sets, splits
 *   compose.h  canvases of several garments
 *   graph.h    models: from files, from names, built in code
 *   train.h    training, weights, prediction, timing
 *   eval.h     how good a classifier is
 *   tsne.h     maps of features: nearest neighbours, principal components, t-SNE
 *   metrics.h  single figures and curves from labels and scores
 *   significance.h  which differences are real
 *   explain.h  what in an image speaks for a class
 *   export.h   ONNX files
 *   audit.h    duplicates and unlikely labels
 *   events.h   event files for TensorBoard */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include "weft/audit.h"
#include "weft/compose.h"
#include "weft/data.h"
#include "weft/eval.h"
#include "weft/events.h"
#include "weft/explain.h"
#include "weft/export.h"
#include "weft/graph.h"
#include "weft/metrics.h"
#include "weft/significance.h"
#include "weft/status.h"
#include "weft/threads.h"
#include "weft/train.h"
#include "weft/tsne.h"

#endif
