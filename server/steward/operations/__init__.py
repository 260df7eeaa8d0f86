"""How the product is doing and is kept: analytics, feedback, timings, metrics, health, backup."""
