"""One thing measured per file. A probe is any object with `read()`; it translates every foreign error itself."""
