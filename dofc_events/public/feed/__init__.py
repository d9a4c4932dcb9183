"""What programs read: the news as a feed, and the list of all pages."""
