"""The world of Cantemo Portal: archive plugins as they are, in worker processes; and the archives that ship."""
