"""The doors to the data: the hub, original archives, manifests."""
