"""Archives that come with yester; each is a plugin like any other, and off until somebody switches it on."""
