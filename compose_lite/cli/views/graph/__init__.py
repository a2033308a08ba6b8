"""Draws a stack's picture: a module for each format, and the words that they have in common."""
