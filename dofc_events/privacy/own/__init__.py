"""The pages by which people see and erase what is kept about them."""
