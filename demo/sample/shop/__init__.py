"""A small shop: baskets, and what delivery adds to them."""
