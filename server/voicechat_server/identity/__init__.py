"""Who somebody is, and what they may do: keys, tokens, invitations, and the table of what is allowed."""
