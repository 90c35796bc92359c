"""Electronic invoices of EN 16931: the same content as the page, for machines."""
