"""Who acts (definitions), what they intend (plans), what they finished (runs); `agents/workflows` holds manifests, graph, the durable executor and the `Engine` façade."""
