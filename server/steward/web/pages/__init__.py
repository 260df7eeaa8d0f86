"""Pages for people: they show what the API answers, and post what it takes."""
