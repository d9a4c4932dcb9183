"""The pages on which people see and erase what is kept about them."""
