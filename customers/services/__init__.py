"""What can be done to customers and their teams."""
