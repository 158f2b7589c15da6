"""The schema's history, run by ``engine.open_store``."""
