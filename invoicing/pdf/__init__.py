"""The invoice as a document: what it prints, its page as HTML, its bytes as PDF."""
