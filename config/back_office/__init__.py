"""The back office as a whole: its navigation and its first page. Apps build their own pages."""
