"""What labels are worth: how many were saved, whether more help, where the model stays wrong, when to order anew."""
