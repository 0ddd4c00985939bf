"""The city in a browser: rules and phases as one module of WebAssembly (`make web`), shipped with the package."""
