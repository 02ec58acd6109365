"""The conversation as lines: what a row is, its layout, and the widget that draws what is seen."""
