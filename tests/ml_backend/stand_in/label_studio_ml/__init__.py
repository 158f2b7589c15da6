"""What a class of label-studio-ml needs of its package, for tests where the real one is not installed."""
