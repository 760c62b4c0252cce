"""Built-in configs."""
