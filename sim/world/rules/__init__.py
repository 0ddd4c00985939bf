"""The science: scalar functions, one topic a file. Numbers in, number out; no arrays, no luck, no Mesa."""
