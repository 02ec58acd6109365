"""From a model directory to a model in memory."""
