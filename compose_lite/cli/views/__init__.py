"""How results and progress are shown: human, plain, JSON, quiet."""
