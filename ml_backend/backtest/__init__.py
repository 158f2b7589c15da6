"""What active learning would have saved: a labeled set is labeled again, a batch at a time, by each strategy."""
