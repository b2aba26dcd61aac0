"""HTTP plumbing: headers, errors, assets, compression."""
