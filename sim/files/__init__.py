"""The one guarded writer: what it writes is whole or not there, and nothing of anybody else is replaced."""
