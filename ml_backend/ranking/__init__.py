"""Rankings of lists: what is seen of items, scores that put them in order, the probability of an order."""
