"""Two registrations of one person become one."""
