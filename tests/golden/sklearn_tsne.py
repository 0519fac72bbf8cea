#!/usr/bin/python3
"""Makes sklearn_tsne.json: neighbours, principal components, affinities, divergence and gradient of a small set of
features as scikit-learn (1.2.1 of Debian) computes them, and the divergence that its TSNE ends with.

  tests/golden/sklearn_tsne.py > tests/golden/sklearn_tsne.json
"""
import json

import numpy as np
import sklearn
from scipy.spatial.distance import squareform
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, _t_sne
from sklearn.neighbors import NearestNeighbors

N, D, PERPLEXITY = 60, 6, 5
NEIGHBOURS = 3 * PERPLEXITY + 1


def exact_kl(p, points):
    """The divergence over all pairs, in double precision."""
    points = np.asarray(points, np.float64)
    q = 1 / (1 + np.square(points[:, None] - points[None]).sum(2))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    at = p > 0
    return float((p[at] * np.log(p[at] / q[at])).sum())


def main():
    draw = np.random.default_rng(5)
    labels = np.arange(N) % 4
    centres = 3 * draw.normal(size=(4, D))
    features = np.round(centres[labels] + draw.normal(size=(N, D)) * [1, 1, 1, 2, .5, .1], 3).astype(np.float32)
    finder = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(features)
    distances, index = finder.kneighbors()
    graph = finder.kneighbors_graph(mode="distance")
    graph.data **= 2
    p = _t_sne._joint_probabilities_nn(graph, PERPLEXITY, 0).toarray()
    points = np.round(draw.normal(size=(N, 2)) * 4, 3)
    # for squareform's rounding check: p is symmetric but for its last bits
    kl, gradient = _t_sne._kl_divergence(points.ravel(), squareform((p + p.T) / 2, checks=False), 1, N, 2)
    ends = [exact_kl(p, TSNE(perplexity=PERPLEXITY, init="pca", learning_rate="auto", random_state=seed)
                     .fit_transform(features)) for seed in range(3)]
    rows, columns = np.nonzero(p)
    print(json.dumps({
        "made_by": f"tests/golden/sklearn_tsne.py, scikit-learn {sklearn.__version__}, numpy {np.__version__}",
        "perplexity": PERPLEXITY, "features": features.astype(float).round(3).tolist(),
        "labels": labels.tolist(), "neighbours": index.tolist(), "distances": distances.tolist(),
        "pca": PCA(n_components=2, svd_solver="full").fit_transform(features.astype(float)).tolist(),
        "affinities": [[int(i), int(j), float(p[i, j])] for i, j in zip(rows, columns)],
        "map": points.tolist(), "kl": kl, "gradient": gradient.reshape(N, 2).tolist(), "ends": ends}))


if __name__ == "__main__":
    main()
