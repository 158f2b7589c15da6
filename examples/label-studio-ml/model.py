"""Tiebreak's models for `label-studio-ml start`: settings come from TIEBREAK_ML_* variables."""

from ml_backend.runner import serving
from ml_backend.settings import load
from ml_backend.upstream import our_class

Tiebreak = our_class(serving(load()))
