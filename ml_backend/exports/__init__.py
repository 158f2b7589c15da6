"""Export files of Label Studio without a sync service: learning from them, and what a model says of them."""
