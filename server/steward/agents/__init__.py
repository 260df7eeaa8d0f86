"""Who acts (definitions), what they intend (plans), what they finished (runs); `agents/workflows` holds the durable engine."""
