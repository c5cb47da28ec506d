"""Trains the small net of a taught model. Runs only in TensorFlow's own process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

EPOCHS = 60
BATCH = 32
HIDDEN = 64
PATIENCE = 8  # epochs without a better loss, after which it is done


def train(data: str, folds: int, count: int, keras: str, tflite: str, seed: int) -> dict[str, Any]:
    """Trains on the examples in the file `data`: once for each of its `folds`, judging what was held out, then on all.

    Writes the last net as `keras` and `tflite`; answers with the confusion matrix over everything held out.
    """
    import keras as library
    import tensorflow as tf

    with np.load(data, allow_pickle=False) as held:
        rows, classes = held["rows"], held["classes"]
        divisions = [(held[f"learn{n}"], held[f"held{n}"]) for n in range(folds)]
    table = np.zeros((count, count), int)
    for number, (learn, out) in enumerate(divisions):
        net = fitted(library, tf, rows[learn], classes[learn], count, seed, f"part {number + 1} of {folds}")
        said = net(rows[out], training=False).numpy().argmax(axis=1)
        np.add.at(table, (classes[out], said), 1)
        tell(table=table.tolist())
    net = fitted(library, tf, rows, classes, count, seed, "everything")
    net.save(keras)
    Path(tflite).write_bytes(tf.lite.TFLiteConverter.from_keras_model(net).convert())
    return {"table": table.tolist()}


def fitted(library: Any, tf: Any, rows: Any, classes: Any, count: int, seed: int, what: str) -> Any:
    """A net of one hidden layer behind a scaling of its inputs; classes weigh the same, however many their examples."""
    library.utils.set_random_seed(seed)
    spread = rows.std(axis=0)
    spread = np.maximum(spread, max(float(spread.mean()) * 0.1, 1e-6))
    begin = library.Input((rows.shape[1],), name="features")
    scale = library.layers.Normalization(mean=rows.mean(axis=0), variance=spread**2, name="scaling")
    at = library.layers.GaussianNoise(0.1)(scale(begin))
    at = library.layers.Dense(HIDDEN, activation="relu", kernel_regularizer=library.regularizers.L2(1e-3))(at)
    at = library.layers.Dropout(0.3)(at)
    net = library.Model(begin, library.layers.Dense(count, activation="softmax", name="classes")(at))
    weights = (len(classes) / count / np.maximum(np.bincount(classes, minlength=count), 1)).astype(np.float32)[classes]
    optimizer = library.optimizers.Adam(3e-3)
    loss_of = library.losses.SparseCategoricalCrossentropy(reduction="none")

    optimizer.build(net.trainable_variables)
    x, y, w = tf.constant(rows, tf.float32), tf.constant(classes), tf.constant(weights)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def go_through(order: Any) -> Any:
        """One epoch, whole in the graph: what is around a step of so small a net would take longer than the step."""

        def step(at: Any, total: Any) -> tuple[Any, Any]:
            part = order[at : at + BATCH]
            with tf.GradientTape() as tape:
                said = net(tf.gather(x, part), training=True)
                loss = tf.reduce_mean(loss_of(tf.gather(y, part), said) * tf.gather(w, part)) + tf.add_n(net.losses)
            variables = net.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            return at + BATCH, total + loss

        _, total = tf.while_loop(lambda at, _: at < tf.size(order), step, (tf.constant(0), tf.constant(0.0)))
        return total / tf.constant(-(-len(rows) // BATCH), tf.float32)

    rng = np.random.default_rng(seed)
    best, since = np.inf, 0
    for epoch in range(EPOCHS):
        loss = float(go_through(tf.constant(rng.permutation(len(rows)).astype(np.int32))))
        tell(what=what, epoch=epoch + 1, epochs=EPOCHS, loss=round(loss, 4))
        since = 0 if loss < best * 0.98 else since + 1
        best = min(best, loss)
        if since >= PATIENCE:
            break
    return net


def tell(**words: Any) -> None:
    """Says how it goes, to whoever started this process."""
    print(json.dumps(words), flush=True)
