"""What annotators see, as typed values: labeling interfaces and the answers given in them. Pure."""
