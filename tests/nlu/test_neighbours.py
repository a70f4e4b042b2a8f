"""Answers that serve each other's questions."""

import numpy as np

from hair_answers.nlu.neighbours import neighbours

KEYS = [
    "alternatives/prp",
    "alternatives/prp_cost",
    "causes/stress",
    "cost/price",
    "follow_up/cost",
    "follow_up/more",
    "research/status",
]
RESPONSES = {
    f"utter_{key}": [{"metadata": metadata}]
    for key, metadata in {
        "alternatives/prp": {
            "subject": "prp",
            "aspect": "definition",
            "related": ["causes/stress", "gone/key"],
        },
        "alternatives/prp_cost": {"subject": "prp", "aspect": "cost"},
        "causes/stress": {"subject": "stress", "aspect": "definition"},
        "cost/price": {"subject": "stem_cell_therapy", "aspect": "cost"},
        "research/status": {"subject": "stem_cell_therapy", "aspect": "status"},
    }.items()
}


def pairs():
    near = neighbours(KEYS, RESPONSES)
    assert (near == near.T).all()
    assert near.diagonal().all()
    return {(KEYS[a], KEYS[b]) for a, b in np.argwhere(near) if a < b}


def test_neighbours():
    assert pairs() == {
        ("alternatives/prp", "alternatives/prp_cost"),  # one subject
        ("alternatives/prp", "causes/stress"),  # related
        ("alternatives/prp_cost", "follow_up/cost"),  # the follow-up's aspect
        ("cost/price", "follow_up/cost"),
    }


def test_without_metadata_every_key_stands_alone():
    assert (neighbours(KEYS, {}) == np.eye(len(KEYS), dtype=bool)).all()
