"""Wake-ups of the billing run and of the PDF renderer. The due rows are the jobs."""
