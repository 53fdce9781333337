"""Repair: a repository without what damage took, so that everything else can be trusted again."""
