"""What happens, told as it happens: a WebSocket for pages and programs."""
