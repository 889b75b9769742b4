"""What is measured: corpora, the doors to their data, and the suites made of them."""
