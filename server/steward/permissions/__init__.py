"""Who may do what, who was asked, and what they answered."""
