"""Values and tensors in files, without pickle."""
