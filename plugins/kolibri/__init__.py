"""The world of Kolibri: plugins that were written for it, run by yester as they are."""
