"""The recipe of the demo model: corpus, synthesis, training, evaluation and samples, one command each."""
