"""Around the web side: who gets in, and what is counted over all processes."""
