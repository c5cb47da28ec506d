"""Teaching: examples of classes from clips, pictures or the camera become a model whose classes scenes follow."""
