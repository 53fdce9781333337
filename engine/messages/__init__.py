"""Messages that wait for the person: from runs nobody watched, and from plugins."""
