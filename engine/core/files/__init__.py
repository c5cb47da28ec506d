"""Files that outputs create: what they may not touch, and how they come to be there whole or not at all."""
