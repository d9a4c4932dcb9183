"""Who is told what about what they hold: news, and the messages to delegates."""
