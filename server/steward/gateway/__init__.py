"""The only road to a language model: choose, price, reserve, stream, settle."""
