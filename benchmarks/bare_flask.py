"""The least that answers ``/predict``: Flask, and scikit-learn's TF-IDF and logistic regression learned at start."""

import json
import os
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def create_app() -> Flask:
    """Learns from the JSON file that BARE_FLASK_EXAMPLES names: pairs of a text and a label."""
    texts, labels = zip(*json.loads(Path(os.environ["BARE_FLASK_EXAMPLES"]).read_text(encoding="utf-8")), strict=True)
    pipeline: Any = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(texts, labels)
    app = Flask(__name__)

    @app.post("/predict")
    def predict() -> Response:
        shares = pipeline.predict_proba([task["data"]["text"] for task in request.get_json()["tasks"]])
        best = shares.argmax(axis=1)
        return jsonify(
            results=[
                {
                    "score": float(row[place]),
                    "result": [
                        {
                            "from_name": "sentiment",
                            "to_name": "text",
                            "type": "choices",
                            "value": {"choices": [pipeline.classes_[place]]},
                        }
                    ],
                }
                for row, place in zip(shares, best, strict=True)
            ]
        )

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="UP")

    return app
