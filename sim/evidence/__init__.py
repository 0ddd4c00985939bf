"""The evidence base: trials as records, one file a trial, and what they say of each reform and lever."""
