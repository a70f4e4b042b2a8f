"""The closed-form out-of-fold predictions are those of classifiers that really never saw the fold."""

import numpy as np
import pytest

from hair_answers.nlu import answer_classifier
from hair_answers.nlu.answer_classifier import FOLDS, RIDGE, WIDTH, AnswerClassifier, Scores, softmax

SIZES = (7, 9, 5, 8)


@pytest.fixture(scope="module")
def fitted():
    """Four keys of points around their own direction, noisy enough that some are misread."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(4), SIZES)
    points = np.eye(4, 12)[labels] + rng.normal(0, 0.35, (len(labels), 12))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    gram = (points @ points.T).astype(np.float32)
    keys = ["a/one", "a/two", "b/one", "b/two"]
    return *AnswerClassifier.fit(keys, labels, gram), labels, gram


def refit(labels, gram, fold, hidden=()):
    """Return the scores of `fold` by a classifier fitted without it, the long way."""
    kept = np.setdiff1d(np.arange(len(labels)), fold)
    targets = np.eye(4)[labels]
    bias = targets.mean(axis=0)
    wide = np.exp((gram.astype(np.float64) - 1) / WIDTH)
    weights = np.linalg.solve(wide[np.ix_(kept, kept)] + RIDGE * np.eye(len(kept)), targets[kept] - bias)
    outputs = wide[np.ix_(fold, kept)] @ weights + bias
    nearest, centre = np.full((len(fold), 4), -1.0), np.zeros((len(fold), 4))
    for key in range(4):
        own = np.flatnonzero(labels == key)
        left = np.intersect1d(own, kept)
        length = np.sqrt(gram[np.ix_(own, own)].sum()) / len(own)
        if len(left):
            nearest[:, key] = gram[np.ix_(fold, left)].max(axis=1)
            centre[:, key] = gram[np.ix_(fold, left)].sum(axis=1) / len(left) / length
    for key in hidden:
        outputs[:, key] = -np.inf
        nearest[:, key] = centre[:, key] = -1.0
    return Scores.of(outputs, nearest, centre)


def test_unseen_phrases_equal_a_brute_force_refit(fitted):
    _, out_of_fold, labels, gram = fitted
    found_labels, scores = out_of_fold.unseen_phrases(seed=5)
    np.testing.assert_array_equal(found_labels, labels)
    order = np.random.default_rng(5).permutation(len(labels))
    for fold in map(np.sort, np.array_split(order, FOLDS)):
        expected = refit(labels, gram, fold)
        np.testing.assert_allclose(scores.probability[fold], expected.probability, atol=2e-3)
        np.testing.assert_allclose(scores.blend[fold], expected.blend, atol=2e-3)
        np.testing.assert_allclose(scores.joint[fold], expected.joint, atol=2e-3)


def test_unknown_keys_equal_a_brute_force_refit(fitted):
    _, out_of_fold, labels, gram = fitted
    near = np.eye(4, dtype=bool)
    near[0, 1] = near[1, 0] = True
    scores = out_of_fold.unknown_keys(near)
    for key, hidden in enumerate(([0, 1], [0, 1], [2], [3])):
        fold = np.flatnonzero(np.isin(labels, hidden))
        rows = np.flatnonzero(labels == key)
        expected = refit(labels, gram, fold, hidden)
        places = np.searchsorted(fold, rows)
        np.testing.assert_allclose(scores.probability[rows], expected.probability[places], atol=2e-3)
        np.testing.assert_allclose(scores.blend[rows], expected.blend[places], atol=2e-3)
        assert (scores.probability[rows][:, hidden] == 0).all()


def test_out_of_fold_is_less_sure_than_in_sample(fitted):
    classifier, out_of_fold, labels, gram = fitted
    _, unseen = out_of_fold.unseen_phrases()
    own = np.arange(len(labels)), labels
    assert unseen.probability[own].mean() < classifier.scores(gram).probability[own].mean()


def test_one_question_scores_like_many(fitted):
    classifier, _, _, gram = fitted
    np.testing.assert_allclose(
        classifier.scores(gram[3]).joint[0], classifier.scores(gram).joint[3], atol=1e-6
    )


def test_fit_is_deterministic(fitted):
    classifier, _, labels, gram = fitted
    again, _ = AnswerClassifier.fit(classifier.keys, labels, gram)
    np.testing.assert_array_equal(classifier.weights, again.weights)


def test_saved_classes_are_the_same(fitted, tmp_path):
    classifier, _, _, gram = fitted
    classifier.save(tmp_path)
    again = AnswerClassifier.load(tmp_path)
    assert again.keys == classifier.keys
    np.testing.assert_array_equal(classifier.scores(gram).joint, again.scores(gram).joint)


def test_softmax_leaves_excluded_keys_at_zero():
    values = np.array([[1.0, -np.inf, 0.0]], np.float32)
    found = softmax(values, 0.5)
    assert found[0, 1] == 0
    assert found.sum() == pytest.approx(1.0)


def test_inverse_is_the_inverse():
    gram = np.array([[1.0, 0.4], [0.4, 1.0]], np.float32)
    found = answer_classifier._inverse(gram)
    np.testing.assert_allclose(found @ (gram + RIDGE * np.eye(2)), np.eye(2), atol=1e-5)
