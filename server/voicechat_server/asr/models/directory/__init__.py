"""What a model directory holds, and whether it can be loaded."""
