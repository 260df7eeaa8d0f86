"""Ghost text: from where the cursor is to what might come next."""
