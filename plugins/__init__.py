"""The plugin interface, storage backends, archive plugins and compatibility worlds."""
