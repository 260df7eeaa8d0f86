"""The program that runs extensions: stand-alone, and nothing in it can reach the rest of Steward."""
