"""What needs attention, over all that the account may see."""
