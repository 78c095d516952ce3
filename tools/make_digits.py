#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes configs/data/digits.csv: a 2-D latent of every image of the UCI 8x8 handwritten digits.

The latent is the first two principal components of all images (centred pixels, all ten classes), each
scaled to unit variance over all images, its sign fixed so that the loading of largest magnitude is
positive. Needs numpy and scikit-learn (Debian: python3-sklearn), which carries the images.
Provenance and licence: configs/data/README.md.
"""
import argparse
import pathlib

import numpy as np
from sklearn.datasets import load_digits


def latent(images):
    """[image, 2] scores of the first two principal components, unit variance, fixed signs."""
    centred = images - images.mean(axis=0)
    _, _, loadings = np.linalg.svd(centred, full_matrices=False)
    loadings = loadings[:2]
    largest = np.argmax(np.abs(loadings), axis=1)
    loadings = loadings * np.sign(loadings[np.arange(2), largest])[:, None]
    scores = centred @ loadings.T
    return scores / scores.std(axis=0)


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path,
                        default=here.parent / "configs" / "data" / "digits.csv")
    out = parser.parse_args().out

    digits = load_digits()
    scores = latent(digits.data)
    with open(out, "w", encoding="ascii", newline="\n") as file:
        file.write("digit,u1,u2\n")
        for digit, (u1, u2) in zip(digits.target, scores):
            file.write(f"{digit},{float(u1)!r},{float(u2)!r}\n")


if __name__ == "__main__":
    main()
