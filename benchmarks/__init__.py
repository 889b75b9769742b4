"""What is measured: corpora, the sources of their data, and the suites made of them."""
