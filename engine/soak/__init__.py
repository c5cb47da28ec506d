"""A long show in which everything round it fails by plan: what `phosphene soak` runs."""
