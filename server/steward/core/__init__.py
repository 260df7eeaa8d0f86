"""What everything stands on: time, identifiers, money, limits, errors, events, principals, the database and its audit trail."""
