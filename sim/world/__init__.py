"""The city: its columns, how it is built, what happens in a week, and what is written down."""
