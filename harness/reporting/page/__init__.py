"""The report's page: one static HTML file that opens from the disk, with the network off."""
