"""A repository in a bucket of an object store: S3 and what speaks it, Google Cloud Storage, Azure Blob Storage."""
