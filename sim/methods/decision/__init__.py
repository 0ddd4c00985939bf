"""Which of several options is best, how sure that is, and what is worth finding out first: plain arrays in, arrays and tables out."""
