"""Measuring SQL written for questions, on folders in the format of the Spider data set."""
