"""Model nodes: any TFLite or Keras model, described in a few lines, as a tracker whose answers scenes can use."""
