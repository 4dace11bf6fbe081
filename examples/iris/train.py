"""Trains a flower classifier on iris.csv: multinomial logistic regression by gradient descent, in plain Python.

    python3 train.py [OUTPUT_DIRECTORY]

Prints the accuracy on flowers the model has not seen, and writes two files:

    model.json      what serve.mjs needs to predict
    model.tar.gz    the same, packed the way SageMaker unpacks models into /opt/ml/model
"""

import csv
import gzip
import io
import json
import math
import random
import sys
import tarfile
from pathlib import Path

DATA = Path(__file__).parent / "iris.csv"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
HELD_OUT = 0.2
SEED = 1
EPOCHS = 400
LEARNING_RATE = 0.5
WEIGHT_DECAY = 0.001


def read_flowers(path=DATA):
    """All flowers as (measurements in centimetres, species)."""
    with open(path, newline="") as file:
        return [([float(row[name]) for name in FEATURES], row["species"]) for row in csv.DictReader(file)]


def split(flowers, seed=SEED):
    """Sets the same share of every species apart, and returns (training, held out)."""
    shuffled = random.Random(seed)
    training, held_out = [], []
    for species in sorted({species for _, species in flowers}):
        of_species = [flower for flower in flowers if flower[1] == species]
        shuffled.shuffle(of_species)
        count = round(len(of_species) * HELD_OUT)
        held_out += of_species[:count]
        training += of_species[count:]
    return training, held_out


def train(flowers):
    """Fits the weights by gradient descent on the whole batch; the same flowers always give the same model."""
    columns = list(zip(*(measurements for measurements, _ in flowers)))
    mean = [sum(column) / len(column) for column in columns]
    scale = [math.sqrt(sum((x - m) ** 2 for x in column) / len(column)) for column, m in zip(columns, mean)]
    classes = sorted({species for _, species in flowers})
    model = {
        "features": FEATURES,
        "classes": classes,
        "mean": mean,
        "scale": scale,
        "weights": [[0.0] * len(FEATURES) for _ in classes],
        "bias": [0.0] * len(classes),
    }
    standardised = [(standardise(model, measurements), classes.index(species)) for measurements, species in flowers]
    for _ in range(EPOCHS):
        descend(model, standardised)
    return model


def descend(model, standardised):
    """One step against the gradient of the mean cross-entropy."""
    gradients = [[WEIGHT_DECAY * weight for weight in weights] for weights in model["weights"]]
    bias_gradients = [0.0] * len(model["bias"])
    for x, truth in standardised:
        for k, probability in enumerate(softmax(scores(model, x))):
            error = (probability - (k == truth)) / len(standardised)
            bias_gradients[k] += error
            for j, value in enumerate(x):
                gradients[k][j] += error * value
    for k, row in enumerate(gradients):
        model["bias"][k] -= LEARNING_RATE * bias_gradients[k]
        for j, gradient in enumerate(row):
            model["weights"][k][j] -= LEARNING_RATE * gradient


def standardise(model, measurements):
    return [(x - m) / s for x, m, s in zip(measurements, model["mean"], model["scale"])]


def scores(model, x):
    return [b + sum(w * v for w, v in zip(weights, x)) for weights, b in zip(model["weights"], model["bias"])]


def softmax(values):
    largest = max(values)
    powers = [math.exp(value - largest) for value in values]
    return [power / sum(powers) for power in powers]


def predict(model, measurements):
    values = scores(model, standardise(model, measurements))
    return model["classes"][values.index(max(values))]


def accuracy(model, flowers):
    return sum(predict(model, measurements) == species for measurements, species in flowers) / len(flowers)


def write_model(model, directory):
    """Writes model.json and model.tar.gz; the archive's bytes depend on nothing but the model."""
    directory.mkdir(parents=True, exist_ok=True)
    document = (json.dumps(model, indent=2) + "\n").encode()
    (directory / "model.json").write_bytes(document)
    with gzip.GzipFile(directory / "model.tar.gz", "wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        entry = tarfile.TarInfo("model.json")
        entry.size = len(document)
        tar.addfile(entry, io.BytesIO(document))


def main():
    training, held_out = split(read_flowers())
    model = train(training)
    print(f"accuracy on {len(held_out)} held-out flowers: {accuracy(model, held_out):.1%}")
    write_model(model, Path(sys.argv[1] if len(sys.argv) > 1 else "."))


if __name__ == "__main__":
    main()
