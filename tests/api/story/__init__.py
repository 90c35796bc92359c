"""A story told through the API; what is said in it are the examples of the API document."""
