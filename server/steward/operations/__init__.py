"""How the product is doing and how it is kept: analytics, metrics, health, backup."""
