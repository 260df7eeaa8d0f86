"""Extensions in a worker of their own: WebAssembly inside, a jail around it."""
