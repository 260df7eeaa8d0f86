"""The listener: editors over TCP and WebSocket, each with a server process of its own."""
