"""The sources of data: the hub, original archives, manifests."""
