"""Cloud vendors, one declaration a file, written to their documented APIs; none was run against the vendor itself."""
