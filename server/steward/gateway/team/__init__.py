"""A team's server in place of providers: where it is, what it offers, how it refuses."""
