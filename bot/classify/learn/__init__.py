"""Makes the score card and the judge's weights from labelled messages; a program of its own."""
