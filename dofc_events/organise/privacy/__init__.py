"""What is kept about people until when, what has been removed, and erasing somebody who asks."""
