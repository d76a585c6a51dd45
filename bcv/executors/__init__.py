"""Where tasks run beside each other."""
